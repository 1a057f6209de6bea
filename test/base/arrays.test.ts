import { describe, expect, it } from 'vitest'
import { f32, ndarray, pixels, pixelsAt, ShapeError, sizeOf } from '../../src/base/index.ts'

describe('arrays', () => {
  it('have as many values as their shape says', () => {
    expect(sizeOf([2, 3, 4])).toBe(24)
    expect(sizeOf([])).toBe(1)
    expect(() => ndarray('f32', [2, 2], new Float32Array(3))).toThrow(ShapeError)
    expect([...f32([2]).data]).toEqual([0, 0])
  })

  it('hold pixels as NHWC bytes, and one patch of a batch shares its memory', () => {
    const batch = pixels(
      Uint8Array.from({ length: 24 }, (_, i) => i),
      2,
      2,
      2,
    )
    expect([...pixelsAt(batch, 1).data]).toEqual(Array.from({ length: 12 }, (_, i) => i + 12))
    expect(pixelsAt(batch, 1).data.buffer).toBe(batch.data.buffer)
    expect(() => pixels(new Uint8Array(5), 1, 1, 1)).toThrow(ShapeError)
  })
})
