import { describe, expect, it } from 'vitest'
import { type ImageKind, planesToPixels, type Scale } from '../../src/patches/planes.ts'

// Bits of half floats.
const halves: Record<number, number> = { 0: 0x0000, 0.25: 0x3400, 1: 0x3c00, 255: 0x5bf8 }
const encode: Record<Exclude<ImageKind, 'u8'>, (values: number[]) => ArrayBufferView> = {
  f16: (values) => Uint16Array.from(values, (value) => halves[value]),
  f32: (values) => Float32Array.from(values),
  f64: (values) => Float64Array.from(values),
}

function faultOf(kind: Exclude<ImageKind, 'u8'>, values: number[], scale: Scale) {
  const { buffer } = encode[kind](values)
  return planesToPixels(kind, new Uint8Array(buffer), 1, scale, new Uint8Array(3), 0)
}

describe('an image of floats', () => {
  it.each(['f16', 'f32', 'f64'] as const)('of 0 to 1 in a file of 0 to 255 is a fault (%s)', (kind) => {
    expect(faultOf(kind, [0, 0.25, 1], 255)).toBe('scale')
    expect(faultOf(kind, [0.25, 0.25, 0.25], 255)).toBe('scale')
    expect(faultOf(kind, [0, 0.25, 1], 1)).toBe(null)
    expect(faultOf(kind, [0, 0.25, 255], 255)).toBe(null)
  })

  it('is none where it is black: 0, whole numbers, or all but 0', () => {
    expect(faultOf('f32', [0, 0, 0], 255)).toBe(null)
    expect(faultOf('f32', [0, 1, 1], 255)).toBe(null)
    expect(faultOf('f32', [0, 1e-7, 0.05], 255)).toBe(null)
  })
})
