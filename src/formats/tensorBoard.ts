// TensorBoard event files: TFRecords of Event messages with scalar summaries.
// A record is its length (uint64), the masked CRC32C of those 8 bytes, the data, the masked CRC32C of the data
// (tensorflow/core/lib/io/record_writer.h); messages by tensorflow/core/util/event.proto and summary.proto.

import { joinBytes } from '../base/index.ts'

/** Scalars of one step. */
export interface ScalarEvent {
  readonly step: number
  /** Seconds since 1970, or any clock that the reader is to see. */
  readonly wallTime: number
  /** By tag, e.g. `training/G_A`. */
  readonly scalars: Readonly<Record<string, number>>
}

/** A whole event file; the same events give the same bytes. */
export function writeEvents(events: readonly ScalarEvent[]): Uint8Array {
  const version = message(doubleField(1, events[0]?.wallTime ?? 0), textField(3, 'brain.Event:2'))
  return message(frameRecord(version), ...events.map((event) => frameRecord(encodeEvent(event))))
}

/** One TFRecord around `data`. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskCrc(crc32c(record.subarray(0, 8))), true)
  record.set(data, 12)
  view.setUint32(12 + data.length, maskCrc(crc32c(data)), true)
  return record
}

/** The Castagnoli CRC of bytes (RFC 3720, B.4). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]
  return (crc ^ 0xffffffff) >>> 0
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** A CRC as TFRecords store it: turned right by 15 bits, plus a constant. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function encodeEvent({ step, wallTime, scalars }: ScalarEvent): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, message(textField(1, tag), floatField(2, value))),
  )
  return message(
    doubleField(1, wallTime),
    message(Uint8Array.of(2 << 3), varint(step)),
    bytesField(5, message(...values)),
  )
}

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes(parts)
}

// Field numbers below 16: a key is one byte, number and wire type.
function doubleField(number: number, value: number): Uint8Array {
  const field = new DataView(new ArrayBuffer(9))
  field.setUint8(0, (number << 3) | 1)
  field.setFloat64(1, value, true)
  return new Uint8Array(field.buffer)
}

function floatField(number: number, value: number): Uint8Array {
  const field = new DataView(new ArrayBuffer(5))
  field.setUint8(0, (number << 3) | 5)
  field.setFloat32(1, value, true)
  return new Uint8Array(field.buffer)
}

function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return message(Uint8Array.of((number << 3) | 2), varint(bytes.length), bytes)
}

function textField(number: number, text: string): Uint8Array {
  return bytesField(number, new TextEncoder().encode(text))
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest)
    bytes.push((rest % 128) | 128)
  }
}
