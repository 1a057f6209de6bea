// head.json and head.safetensors: what a trained head is, in open formats.

import { DataError, describeCause, type NdArray } from '../base/index.ts'
import { readSafetensors, writeSafetensors } from '../formats/index.ts'

const format = 'eosin head 1'

/** The files of a head: its record as JSON, its tensors as safetensors. The same head gives the same bytes. */
export function packHead(
  record: { readonly kind: string; readonly [key: string]: unknown },
  tensors: Readonly<Record<string, NdArray>>,
): Record<string, Uint8Array> {
  const json = `${JSON.stringify({ format, ...record }, null, 2)}\n`
  return { 'head.json': new TextEncoder().encode(json), 'head.safetensors': writeSafetensors(tensors) }
}

/** What packHead packed. Throws DataError where a file is missing, damaged, or of another kind than `kind`. */
export function unpackHead(
  files: Readonly<Record<string, Uint8Array>>,
  kind: string,
): { record: Record<string, unknown>; tensors: Readonly<Record<string, NdArray>> } {
  const record = readRecord(files)
  if (record.kind !== kind)
    throw new DataError({ where: 'head.json', expected: `a ${kind} head`, got: `${record.kind}` })
  return { record, tensors: readSafetensors(pickFile(files, 'head.safetensors'), 'head.safetensors') }
}

/** The content of head.json. Throws DataError where it is none of Eosin's. */
export function readRecord(
  files: Readonly<Record<string, Uint8Array>>,
): Record<string, unknown> & { kind: string } {
  const text = new TextDecoder().decode(pickFile(files, 'head.json'))
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw new DataError({ where: 'head.json', expected: 'JSON', got: describeCause(cause) }, cause)
  }
  const { format: found, ...record } = content as Record<string, unknown>
  if (found !== format || typeof record.kind !== 'string') {
    throw new DataError({ where: 'head.json', expected: `format '${format}'`, got: `${found}` })
  }
  return record as Record<string, unknown> & { kind: string }
}

function pickFile(files: Readonly<Record<string, Uint8Array>>, name: string): Uint8Array {
  if (!(name in files)) {
    throw new DataError({
      where: name,
      expected: 'a file of the head',
      got: `${Object.keys(files).join(', ') || 'no files'}`,
    })
  }
  return files[name]
}
