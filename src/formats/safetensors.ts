// safetensors: named tensors in one file, as PyTorch's ecosystem exchanges weights.
// Layout: 8-byte little-endian header length, JSON header padded with spaces to 8 bytes, raw row-major data.
// Source: the format's README, github.com/huggingface/safetensors. Half precision is read as f32.

import { arrayTypes, DataError, type Dtype, type NdArray, ndarray, sizeOf } from '../base/index.ts'
import { widenBrainFloat, widenHalf } from './halfFloat.ts'
import { type FileHead, type WantedFile, wrongFile } from './recognise.ts'

const layouts = {
  F64: { dtype: 'f64', bytes: 8 },
  F32: { dtype: 'f32', bytes: 4 },
  F16: { dtype: 'f32', bytes: 2 },
  BF16: { dtype: 'f32', bytes: 2 },
  I64: { dtype: 'i64', bytes: 8 },
  I32: { dtype: 'i32', bytes: 4 },
  I8: { dtype: 'i8', bytes: 1 },
  U8: { dtype: 'u8', bytes: 1 },
  BOOL: { dtype: 'bool', bytes: 1 },
} as const satisfies Record<string, { dtype: Dtype; bytes: number }>

type LayoutName = keyof typeof layouts

const wanted: WantedFile = { expected: 'a safetensors file', kinds: ['safetensors'] }
// The format's own limit of its header.
const longestHeader = 100_000_000

const layoutOf = {
  f64: 'F64',
  f32: 'F32',
  i64: 'I64',
  i32: 'I32',
  i8: 'I8',
  u8: 'U8',
  bool: 'BOOL',
} as const satisfies Record<Dtype, LayoutName>

/** A tensor as the header lists it; `begin` and `end` count from the end of the header. */
export interface TensorEntry {
  readonly layout: LayoutName
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** What the header says. */
export interface SafetensorsHeader {
  readonly entries: Readonly<Record<string, TensorEntry>>
  readonly metadata: Readonly<Record<string, string>>
}

/** The bytes of a file with `tensors` in the given order; the same input gives the same bytes. */
export function writeSafetensors(
  tensors: Readonly<Record<string, NdArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}
  let size = 0
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: layoutOf[dtype], shape, data_offsets: [size, size + data.byteLength] }
    size += data.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const headerLength = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(8 + headerLength + size)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true)
  bytes.fill(0x20, 8, 8 + headerLength)
  bytes.set(text, 8)
  let offset = 8 + headerLength
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset)
    offset += data.byteLength
  }
  return bytes
}

/** All tensors in `bytes`. Throws DataError, beginning with `where`, for anything that is not the format. */
export function readSafetensors(bytes: Uint8Array, where = 'safetensors'): Record<string, NdArray> {
  const start = 8 + measureSafetensorsHeader({ bytes, size: bytes.length }, where)
  const tensors: Record<string, NdArray> = {}
  for (const [name, entry] of Object.entries(readSafetensorsHeader(bytes, where).entries)) {
    tensors[name] = decodeSafetensor(entry, bytes.subarray(start + entry.begin, start + entry.end))
  }
  return tensors
}

/** What the header of `bytes` lists, and its metadata. Throws DataError as readSafetensors. */
export function readSafetensorsHeader(bytes: Uint8Array, where = 'safetensors'): SafetensorsHeader {
  const length = measureSafetensorsHeader({ bytes, size: bytes.length }, where)
  return parseSafetensorsHeader({ bytes: bytes.subarray(0, 8 + length), size: bytes.length }, where)
}

/** Bytes of the header, which begins at the eighth; the first bytes of a file are enough. Throws DataError. */
export function measureSafetensorsHeader(head: FileHead, where: string): number {
  const { bytes, size } = head
  const isHeader = bytes.length > 8 && bytes[8] === 0x7b // {
  const length = isHeader ? Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)) : -1
  if (length < 2 || length > Math.min(longestHeader, size - 8)) throw wrongFile(where, wanted, head)
  return length
}

/** What a header says; `head` ends with it, and the tensors follow. Throws DataError, beginning with `where`. */
export function parseSafetensorsHeader(head: FileHead, where: string): SafetensorsHeader {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(head.bytes.subarray(8)))
  } catch (cause) {
    throw wrongFile(where, wanted, head, cause)
  }
  const { __metadata__: metadata = {}, ...listed } = json as Record<string, unknown>
  const entries = Object.entries(listed).map(([name, item]): [string, TensorEntry] => [
    name,
    parseEntry(`${where}: '${name}'`, item),
  ])
  const end = entries.reduce((most, [, entry]) => Math.max(most, entry.end), 0)
  if (head.bytes.length + end > head.size) throw wrongFile(where, wanted, head)
  return { entries: Object.fromEntries(entries), metadata: metadata as Record<string, string> }
}

function parseEntry(where: string, item: unknown): TensorEntry {
  const { dtype: layout, shape, data_offsets: offsets } = (item ?? {}) as Record<string, unknown>
  if (typeof layout !== 'string' || !Object.hasOwn(layouts, layout)) {
    throw new DataError({ where, expected: `dtype ${Object.keys(layouts).join(', ')}`, got: say(layout) })
  }
  const isSizes = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((side) => Number.isSafeInteger(side) && side >= 0)
  const { dtype, bytes } = layouts[layout as LayoutName]
  if (!isSizes(shape) || !isSizes(offsets) || offsets[1] - offsets[0] !== sizeOf(shape) * bytes) {
    const got = `${say(shape)} at ${say(offsets)}`
    throw new DataError({ where, expected: `${layout} data of its shape`, got })
  }
  return { layout: layout as LayoutName, dtype, shape, begin: offsets[0], end: offsets[1] }
}

// A part of the header as it stands there.
function say(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 100)
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 100)
}

/** The tensor of an entry, of its bytes. */
export function decodeSafetensor({ layout, dtype, shape }: TensorEntry, bytes: Uint8Array): NdArray {
  if (layout === 'F16') return ndarray('f32', shape, widenHalf(halves(bytes)))
  if (layout === 'BF16') return ndarray('f32', shape, widenBrainFloat(halves(bytes)))
  return ndarray(dtype, shape, new arrayTypes[dtype](new Uint8Array(bytes).buffer))
}

function halves(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(new Uint8Array(bytes).buffer)
}
