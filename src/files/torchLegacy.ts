// The format of torch.save before PyTorch 1.6: five pickles (a magic number, the protocol's number, facts of the machine,
// the object, the names of the storages) and then each storage: how many values, as int64, and the values.
// Source: torch/serialization.py, _legacy_load.

import type { FileHandle } from 'node:fs/promises'
import { DataError, WeightsError } from '../base/index.ts'
import { type PickleRules, readPickle } from './pickle.ts'
import { readRange } from './positionedRead.ts'

/** Such a file, its storages found. */
export interface LegacyFile {
  readonly value: unknown
  /** The Python names in it that are not known. */
  readonly foreign: readonly string[]
  /** Where the values of each storage begin in the file, and how many bytes they have. */
  readonly storages: ReadonlyMap<string, { readonly at: number; readonly bytes: number }>
}

const protocolVersion = 1001
// Where the pickles end is not written: so much is read at first, and four times more until they are whole.
const firstRead = 1 << 20
const largestRead = 1 << 28

/**
 * Reads the pickles and finds the storages. `rules` see the object only; `widthOf` gives the bytes of a value of a
 * storage named in it. Throws WeightsError for a damaged pickle, DataError for a file that is cut short.
 */
export async function readLegacy(
  file: FileHandle,
  where: string,
  rules: PickleRules,
  widthOf: (key: string) => number | null,
): Promise<LegacyFile> {
  const { size } = await file.stat()
  const { value, foreign, keys, end } = await readPickles(file, size, where, rules)
  const storages = new Map<string, { at: number; bytes: number }>()
  let at = end
  for (const key of keys) {
    const width = widthOf(key)
    if (width === null) {
      const got = `storage '${key.slice(0, 40)}' of an unknown type`
      throw new WeightsError({ where, expected: 'storages of known types', got })
    }
    const head = await readRange(file, at, 8, `${where} storage '${key.slice(0, 40)}'`)
    const bytes = Number(new DataView(head.buffer).getBigInt64(0, true)) * width
    if (bytes < 0 || at + 8 + bytes > size) {
      const hint = 'the file is truncated or damaged: fetch it again'
      throw new DataError({ where, expected: `${at + 8 + bytes} bytes`, got: `${size}`, hint })
    }
    storages.set(key, { at: at + 8, bytes })
    at += 8 + bytes
  }
  return { value, foreign, storages }
}

async function readPickles(file: FileHandle, size: number, where: string, rules: PickleRules) {
  for (let length = Math.min(size, firstRead); ; length = Math.min(size, 4 * length)) {
    const bytes = await readRange(file, 0, length, where)
    try {
      return parsePickles(bytes, where, rules)
    } catch (error) {
      const isCut = error instanceof WeightsError && error.cause instanceof RangeError
      if (!isCut || length === size || length >= largestRead) throw error
    }
  }
}

function parsePickles(bytes: Uint8Array, where: string, rules: PickleRules) {
  let end = 0
  const next = (given: PickleRules) => {
    const pickle = readPickle(bytes, where, given, end)
    end = pickle.end
    return pickle
  }
  next(plainRules)
  const protocol = next(plainRules).value
  const machine = next(plainRules).value
  if (protocol !== protocolVersion) {
    const got = typeof protocol === 'number' ? `${protocol}` : 'other data'
    throw new WeightsError({ where, expected: `protocol ${protocolVersion}`, got })
  }
  if (!(machine instanceof Map) || machine.get('little_endian') !== true)
    throw new DataError({ where, expected: 'little-endian values', got: 'others' })
  const { value, foreign } = next(rules)
  const keys = next(plainRules).value
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string'))
    throw new WeightsError({ where, expected: 'the names of its storages', got: 'other data' })
  return { value, foreign, keys: keys as string[], end }
}

const plainRules: PickleRules = { globals: {}, loadPersistent: () => null }
