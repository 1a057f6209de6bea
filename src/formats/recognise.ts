// What a file is, by its first bytes: people have Git LFS pointers, login pages, archives and half downloads where a
// data file should be. Every reader asks here when it cannot read on, so that all say the same in the same words.
// Signatures: the formats' own specifications; Git LFS's pointer format, version 1.

import { DataError } from '../base/index.ts'

/** The first bytes of a file (some thousand, or all of it), and how many it has. */
export interface FileHead {
  readonly bytes: Uint8Array
  readonly size: number
}

interface Kind {
  /** What it is, as an error says it. */
  readonly about: string
  /** What to do where it stands in another file's place. */
  readonly hint?: string
}

const again = 'the file was not transferred as a whole: fetch it again'
const answer = 'a configuration, or an answer of a server, is not the data: name or fetch the file itself'
const unpack = (command: string) => `unpack it first: \`${command}\``

const kinds = {
  empty: { about: 'an empty file', hint: again },
  zeros: { about: 'a file that begins with zeros', hint: again },
  lfs: {
    about: 'a Git LFS pointer',
    hint: 'run `git lfs pull` where it was cloned, which fetches the file itself',
  },
  annex: { about: 'a git-annex pointer', hint: 'run `git annex get` on it, which fetches the file itself' },
  html: {
    about: 'a web page',
    hint: 'the server sent a page (often a login) instead of the file: fetch it again, signed in',
  },
  json: { about: 'JSON', hint: answer },
  xml: { about: 'XML', hint: answer },
  gzip: { about: 'a gzip archive', hint: unpack('gunzip') },
  bzip2: { about: 'a bzip2 archive', hint: unpack('bunzip2') },
  xz: { about: 'an xz archive', hint: unpack('unxz') },
  zstd: { about: 'a Zstandard archive', hint: unpack('unzstd') },
  sevenZip: { about: 'a 7-Zip archive', hint: unpack('7z x') },
  rar: { about: 'a RAR archive', hint: unpack('unrar x') },
  tar: { about: 'a tar archive', hint: unpack('tar -xf') },
  zip: { about: 'a zip archive', hint: unpack('unzip') },
  npz: { about: 'a NumPy .npz archive' },
  torch: { about: 'a PyTorch file' },
  torchLegacy: { about: 'a PyTorch file of before 1.6' },
  torchTar: { about: 'a PyTorch file of before 0.1.12' },
  pickle: {
    about: 'a Python pickle',
    hint: 'save its values in the format expected here; pickles are not run',
  },
  safetensors: { about: 'a safetensors file' },
  onnx: { about: 'an ONNX model' },
  hdf5: { about: 'an HDF5 file' },
  npy: { about: 'a NumPy .npy file' },
  parquet: { about: 'a Parquet file' },
  png: { about: 'a PNG picture' },
  jpeg: { about: 'a JPEG picture' },
  tiff: { about: 'a TIFF picture' },
  webp: { about: 'a WebP picture' },
  gif: { about: 'a GIF picture' },
  bmp: { about: 'a BMP picture' },
  jpeg2000: { about: 'a JPEG 2000 picture' },
  heif: { about: 'a HEIF or AVIF picture' },
  dicom: { about: 'a DICOM file' },
  pdf: { about: 'a PDF document' },
  matlab: { about: 'a MATLAB file' },
  sqlite: { about: 'an SQLite database' },
  utf16: { about: 'text in UTF-16' },
  text: { about: 'text' },
  other: { about: 'other bytes' },
} as const satisfies Record<string, Kind>

/** The kinds of file that are told apart. */
export type FileKind = keyof typeof kinds

/** The kind of a file with this head; `text` and `other` where it is none of the named ones. */
export function recogniseFile({ bytes, size }: FileHead): FileKind {
  if (size === 0) return 'empty'
  const start = latin1(bytes.subarray(0, 512))
  const kind = recogniseSignature(start)
  if (kind) return kind === 'zip' ? recogniseZip(start) : kind
  if (bytes.every((byte) => byte === 0)) return 'zeros'
  const text = decodeText(bytes.subarray(0, 4096))
  return text === null ? 'other' : recogniseText(text)
}

/** What a reader reads. */
export interface WantedFile {
  /** In words, e.g. `an HDF5 file`. */
  readonly expected: string
  /** The kinds that it reads. */
  readonly kinds: readonly FileKind[]
  /** What to do about a file of another kind, where the kind itself does not say. */
  readonly hint?: string
}

/**
 * The error for a file that cannot be read as what was wanted: what it is instead, or, where its kind is right, that
 * it is damaged or was cut short. `cause` is what the reader met. Every format's reader throws this one.
 */
export function wrongFile(where: string, wanted: WantedFile, head: FileHead, cause?: unknown): DataError {
  const kind = recogniseFile(head)
  const { expected } = wanted
  if (!wanted.kinds.includes(kind)) {
    const { hint = wanted.hint }: Kind = kinds[kind]
    return new DataError({ where, expected, got: describeFile(head), hint }, cause)
  }
  const stated = statedSize(kind, head)
  const isShort = stated !== null && stated > head.size
  const got = isShort
    ? `${head.size} of its ${stated} bytes`
    : `one that ${lacksEnd(kind, head) ? 'ends too early' : 'is damaged'}`
  return new DataError({ where, expected, got, hint: again }, cause)
}

/** What a file is, in words: its kind and what tells most about it, e.g. `a web page titled 'Sign in'`. */
export function describeFile(head: FileHead): string {
  const kind = recogniseFile(head)
  const { about } = kinds[kind]
  const text = latin1(head.bytes.subarray(0, 4096))
  if (kind === 'lfs') {
    const size = /\nsize (\d{1,16})\n/.exec(text)?.[1]
    return size ? `${about} to a file of ${size} bytes` : about
  }
  if (kind === 'html') {
    const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]
    return title?.trim() ? `${about} titled ${quote(title)}` : about
  }
  const words = decodeText(head.bytes.subarray(0, 512)) ?? ''
  if (kind === 'json' || kind === 'xml' || kind === 'text') return `${about} that begins ${quote(words)}`
  if (kind !== 'other') return about
  const start = Array.from(head.bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'))
  return `${head.size} bytes of no known kind (${start.join(' ')} ...)`
}

// What stands at certain bytes (one of the texts, as Latin-1), in the order in which the kinds are tried.
type Signature = readonly (readonly [at: number, ...oneOf: string[]])[]
const signatures: readonly (readonly [FileKind, Signature])[] = [
  // Its first eight bytes are a length, which may look like another signature.
  ['safetensors', [[5, '\0\0\0{"', '\0\0\0{}', '\0\0\0{ ', '\0\0\0{\n']]],
  ['lfs', [[0, 'version https://git-lfs']]],
  ['annex', [[0, '/annex/objects/', '../.git/annex/objects/', '.git/annex/objects/']]],
  ['hdf5', [[0, '\x89HDF\r\n\x1a\n']]],
  ['png', [[0, '\x89PNG\r\n\x1a\n']]],
  ['jpeg', [[0, '\xff\xd8\xff']]],
  ['tiff', [[0, 'II*\0', 'MM\0*', 'II+\0', 'MM\0+']]],
  [
    'webp',
    [
      [0, 'RIFF'],
      [8, 'WEBP'],
    ],
  ],
  ['gif', [[0, 'GIF87a', 'GIF89a']]],
  [
    'bmp',
    [
      [0, 'BM'],
      [6, '\0\0\0\0'],
      [15, '\0\0\0'],
    ],
  ],
  ['jpeg2000', [[0, '\0\0\0\x0cjP  \r\n\x87\n', '\xffO\xffQ']]],
  ['heif', [[4, 'ftyphei', 'ftypmif1', 'ftypmsf1', 'ftypavi']]],
  ['dicom', [[128, 'DICM']]],
  ['npy', [[0, '\x93NUMPY']]],
  ['parquet', [[0, 'PAR1', 'PARE']]],
  ['pdf', [[0, '%PDF-']]],
  ['matlab', [[0, 'MATLAB 5.0 MAT-file']]],
  ['sqlite', [[0, 'SQLite format 3\0']]],
  ['zip', [[0, 'PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08']]],
  ['gzip', [[0, '\x1f\x8b']]],
  [
    'bzip2',
    [
      [0, 'BZh'],
      [4, '1AY&SY'],
    ],
  ],
  ['xz', [[0, '\xfd7zXZ\0']]],
  ['zstd', [[0, '\x28\xb5\x2f\xfd']]],
  ['sevenZip', [[0, '7z\xbc\xaf\x27\x1c']]],
  ['rar', [[0, 'Rar!\x1a\x07']]],
  [
    'torchTar',
    [
      [0, 'sys_info\0', 'pickle\0', 'storages\0', 'tensors\0'],
      [257, 'ustar'],
    ],
  ],
  ['tar', [[257, 'ustar']]],
  // torch.save before 1.6 begins with the number 0x1950a86a20f9469cfc6c, as a pickle of protocol 2.
  ['torchLegacy', [[0, '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.']]],
  ['pickle', [[0, '\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05']]],
  ['utf16', [[0, '\xff\xfe', '\xfe\xff']]],
]

function recogniseSignature(text: string): FileKind | null {
  const found = signatures.find(([, parts]) =>
    parts.every(([at, ...oneOf]) => oneOf.some((part) => text.startsWith(part, at))),
  )
  if (found) return found[0]
  // ModelProto: its version (field 1, below 32), then any field that may come before the graph, or the graph.
  const isOnnx = text[0] === '\x08' && text.charCodeAt(1) < 32 && '\x12\x1a"(2:Br'.includes(text[2] || '?')
  return isOnnx ? 'onnx' : null
}

function recogniseText(text: string): FileKind {
  if (/^\s*(<!--[\s\S]*?-->\s*)?<(!doctype html|html|head|body|script|title)\b/i.test(text)) return 'html'
  if (/^\s*<[?!a-z]/i.test(text)) return 'xml'
  return /^\s*(\{\s*["}]|\[\s*["[{\]\d-])/.test(text) ? 'json' : 'text'
}

// A zip by the name of its first entry: PyTorch and NumPy write zips too.
function recogniseZip(text: string): FileKind {
  const name = text.slice(30, 30 + (text.charCodeAt(26) | (text.charCodeAt(27) << 8)))
  if (/(^|\/)(data\.pkl|constants\.pkl|byteorder|\.format_version|data\/\d+)$/.test(name)) return 'torch'
  return name.endsWith('.npy') ? 'npz' : 'zip'
}

// The size that a file's own header states, where it does and the size can be.
function statedSize(kind: FileKind, head: FileHead): number | null {
  const size = readStatedSize(kind, head)
  return size !== null && size < 2 ** 50 ? size : null
}

function readStatedSize(kind: FileKind, { bytes }: FileHead): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = (at: number, length: number): number | null => {
    if (at + length > bytes.length) return null
    return length === 8 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true)
  }
  if (kind === 'hdf5') {
    const version = bytes[8]
    const width = bytes[version < 2 ? 13 : 9]
    const at = version < 2 ? 24 + 4 * version + 2 * width : 12 + 2 * width
    return width === 8 || width === 4 ? number(at, width) : null
  }
  if (kind === 'safetensors') {
    const length = number(0, 8)!
    const header = latin1(bytes.subarray(8, 8 + length))
    const ends = Array.from(header.matchAll(/"data_offsets":\s*\[\s*\d+\s*,\s*(\d+)/g), (match) =>
      Number(match[1]),
    )
    return ends.reduce((most, end) => Math.max(most, 8 + length + end), 8 + length)
  }
  if (kind === 'bmp') return number(2, 4)
  if (kind === 'webp') return 8 + (number(4, 4) ?? 0)
  return null
}

// Whether the mark that ends such a file is missing, where all of it is at hand.
function lacksEnd(kind: FileKind, { bytes, size }: FileHead): boolean {
  if (bytes.length < size) return false
  const end = latin1(bytes.subarray(-64))
  if (kind === 'png') return !end.includes('IEND')
  if (kind === 'jpeg') return !end.includes('\xff\xd9')
  if (kind === 'parquet') return !/PAR[1E]$/.test(end)
  return kind === 'torch' || kind === 'zip' ? !latin1(bytes.subarray(-66_000)).includes('PK\x05\x06') : false
}

// The bytes as UTF-8, of which the last character may be cut; null where they are no text.
function decodeText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they tell bytes from text
    return /[\0-\x08\x0e-\x1f]/.test(text) ? null : text
  } catch {
    return null
  }
}

// Some words of a text, on one line.
function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return `'${line.length > 60 ? `${line.slice(0, 57)}...` : line}'`
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text
}
