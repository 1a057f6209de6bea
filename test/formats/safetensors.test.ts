import { describe, expect, it } from 'vitest'
import { DataError, f32, ndarray } from '../../src/base/index.ts'
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../../src/formats/index.ts'

// A file as another program would write it: the given header, then the given bytes.
function forge(header: unknown, data: number[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

describe('safetensors', () => {
  const tensors = {
    weight: f32([2, 2], [1, -2, 3.5, Number.NaN]),
    count: ndarray('i64', [], BigInt64Array.of(7n)),
    empty: f32([0, 3]),
    flags: ndarray('bool', [3], Uint8Array.of(1, 0, 1)),
  }

  it('reads back what it wrote, aligned to eight bytes', () => {
    const bytes = writeSafetensors(tensors, { kind: 'head' })
    expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n)
    expect(readSafetensors(bytes)).toEqual(tensors)
    expect(readSafetensorsHeader(bytes).metadata).toEqual({ kind: 'head' })
    expect(writeSafetensors(tensors, { kind: 'head' })).toEqual(bytes)
  })

  it('reads from a Buffer that shares its memory with others', () => {
    const bytes = writeSafetensors(tensors)
    const pool = Buffer.concat([Buffer.from([9, 9, 9]), Buffer.from(bytes)])
    expect(readSafetensors(pool.subarray(3))).toEqual(tensors)
  })

  it('reads half and brain floats as f32', () => {
    const half = forge(
      { a: { dtype: 'F16', shape: [4], data_offsets: [0, 8] } },
      [0, 0x3c, 0, 0xc0, 1, 0, 0, 0x7c],
    )
    expect(Array.from(readSafetensors(half).a.data as Float32Array)).toEqual([
      1,
      -2,
      2 ** -24,
      Number.POSITIVE_INFINITY,
    ])
    const brain = forge({ a: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] } }, [0x80, 0x3f, 0x20, 0xc1])
    expect(Array.from(readSafetensors(brain).a.data as Float32Array)).toEqual([1, -10])
  })

  it('says what is wrong with a damaged file', () => {
    const bytes = writeSafetensors(tensors)
    expect(() => readSafetensors(bytes.subarray(0, 5), 'x')).toThrow(DataError)
    expect(() => readSafetensors(bytes.subarray(0, 40), 'x')).toThrow(/^x: expected a safetensors file/)
    expect(() => readSafetensors(bytes.subarray(0, bytes.length - 1), 'x')).toThrow(DataError)
    expect(() => readSafetensors(forge('no', []))).toThrow(DataError)
    const odd = forge({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, [0, 0, 0, 0])
    expect(() => readSafetensors(odd)).toThrow(/'a': expected F32 data of its shape/)
    expect(() =>
      readSafetensors(forge({ a: { dtype: 'F8', shape: [], data_offsets: [0, 1] } }, [0])),
    ).toThrow(/got F8/)
  })
})
