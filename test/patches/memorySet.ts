// A patch set in memory, for tests of what reads patch sets.

import { type Pixels, pixels } from '../../src/base/index.ts'
import type { PatchSet } from '../../src/patches/patchSet.ts'

/** The patches of `batch` as a set; `facts` says what is known of them, ids being row numbers otherwise. */
export function memorySet(
  batch: Pixels,
  facts: Partial<Pick<PatchSet, 'ids' | 'centers' | 'slides' | 'patients' | 'labels'>> = {},
): PatchSet {
  const { data, count, height, width } = batch
  const size = height * width * 3
  return {
    format: 'memory',
    source: 'memory',
    origin: 'synthetic',
    licence: null,
    storage: 'memory',
    count,
    height,
    width,
    ids: Array.from({ length: count }, (_, row) => `${row}`),
    centers: null,
    slides: null,
    patients: null,
    labels: null,
    ...facts,
    async read(rows) {
      const read = new Uint8Array(rows.length * size)
      Array.from(rows).forEach((row, i) => {
        read.set(data.subarray(row * size, (row + 1) * size), i * size)
      })
      return pixels(read, rows.length, height, width)
    },
    fingerprint: async () => 'memory',
    files: [],
    close: async () => {},
  }
}
