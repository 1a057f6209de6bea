// A map of embeddings on its way to a page: safetensors, with what is said of it in the metadata.

import { ndarray } from '../base/index.ts'
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../formats/index.ts'
import type { EmbeddingMap } from './api.ts'

/** The bytes of a map. */
export function writeMap({ x, y, row, split, ...facts }: EmbeddingMap): Uint8Array {
  return writeSafetensors(
    {
      x: ndarray('f32', [x.length], x),
      y: ndarray('f32', [y.length], y),
      row: ndarray('i32', [row.length], row),
      split: ndarray('u8', [split.length], split),
    },
    { facts: JSON.stringify(facts) },
  )
}

/** Reads what `writeMap` wrote. Throws DataError for anything else. */
export function readMap(bytes: Uint8Array): EmbeddingMap {
  const where = 'map of embeddings'
  const { metadata } = readSafetensorsHeader(bytes, where)
  const { x, y, row, split } = readSafetensors(bytes, where)
  return {
    ...(JSON.parse(metadata.facts) as Omit<EmbeddingMap, 'x' | 'y' | 'row' | 'split'>),
    x: x.data as Float32Array,
    y: y.data as Float32Array,
    row: row.data as Int32Array,
    split: split.data as Uint8Array,
  }
}
