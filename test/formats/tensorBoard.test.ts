import { describe, expect, it } from 'vitest'
import { crc32c, frameRecord, maskCrc, writeEvents } from '../../src/formats/index.ts'

const text = (value: string) => new TextEncoder().encode(value)

// Records of a file, each checked against its sums.
function readRecords(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const records: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true))
    expect(view.getUint32(at + 8, true)).toBe(maskCrc(crc32c(bytes.subarray(at, at + 8))))
    const data = bytes.subarray(at + 12, at + 12 + length)
    expect(view.getUint32(at + 12 + length, true)).toBe(maskCrc(crc32c(data)))
    records.push(data)
    at += 16 + length
  }
  return records
}

describe('CRC32C', () => {
  it('gives the values of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
    expect(crc32c(text('123456789'))).toBe(0xe3069283)
  })

  it('is masked as TFRecords mask it: turned right by 15 bits, plus 0xa282ead8', () => {
    expect(maskCrc(0)).toBe(0xa282ead8)
    expect(maskCrc(0x8000)).toBe(0xa282ead9)
    expect(maskCrc(1)).toBe(0xa284ead8)
    expect(maskCrc(0xffffffff)).toBe(0xa282ead7)
  })
})

describe('a TensorBoard event file', () => {
  it('frames a record by its length and both sums', () => {
    const record = frameRecord(text('abc'))
    expect(record).toHaveLength(19)
    expect([...record.subarray(0, 8)]).toEqual([3, 0, 0, 0, 0, 0, 0, 0])
    expect(readRecords(record)).toEqual([text('abc')])
  })

  it('begins with its version and holds scalars by tag', () => {
    const bytes = writeEvents([{ step: 300, wallTime: 2, scalars: { 'training/G': 0.5 } }])
    const [version, event] = readRecords(bytes)
    expect([...version.subarray(9)]).toEqual([0x1a, 13, ...text('brain.Event:2')])
    // wall_time 2.0; step 300 as a varint; summary { value { tag, simple_value } }
    expect([...event]).toEqual([
      ...[0x09, 0, 0, 0, 0, 0, 0, 0, 0x40],
      ...[0x10, 0xac, 0x02],
      ...[0x2a, 19, 0x0a, 17, 0x0a, 10, ...text('training/G')],
      ...[0x15, 0, 0, 0, 0x3f],
    ])
  })

  it('has the same bytes for the same events', () => {
    const events = [1, 2].map((step) => ({ step, wallTime: step, scalars: { a: 1 / step } }))
    expect(writeEvents(events)).toEqual(writeEvents(events))
    expect(readRecords(writeEvents(events))).toHaveLength(3)
  })
})
