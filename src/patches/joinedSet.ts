// Several patch sets of one kind as one, one after the other.

import { createHash } from 'node:crypto'
import { pixels } from '../base/index.ts'
import type { OpenedPatchSet } from './reader.ts'

/**
 * Joins parts of a data set: ids get the part's name in front, `valid/17`. All parts have one size. What is not
 * known of one part (labels, centers, slides, patients) is not known of the whole.
 */
export function joinPatchSets(
  source: string,
  named: Readonly<Record<string, OpenedPatchSet>>,
): OpenedPatchSet {
  const sets = Object.values(named)
  const [first] = sets
  const starts = sets.map((_, i) => sets.slice(0, i).reduce((sum, { count }) => sum + count, 0))
  const size = first.height * first.width * 3
  return {
    ...first,
    source,
    parts: Object.fromEntries(Object.entries(named).map(([name, { count }]) => [name, count])),
    faults: sets.flatMap(({ faults }) => faults),
    leftOut: sets.flatMap(({ leftOut = [] }) => leftOut),
    count: sets.reduce((sum, { count }) => sum + count, 0),
    ids: Object.entries(named).flatMap(([name, { ids }]) => ids.map((id) => `${name}/${id}`)),
    centers: join(sets.map(({ centers }) => centers)),
    slides: join(sets.map(({ slides }) => slides)),
    patients: join(sets.map(({ patients }) => patients)),
    labels: joinLabels(sets.map(({ labels }) => labels)),
    async read(rows) {
      const data = new Uint8Array(rows.length * size)
      for (const [i, set] of sets.entries()) {
        const places = Array.from(rows, (_, place) => place).filter((place) => {
          return rows[place] >= starts[i] && rows[place] < starts[i] + set.count
        })
        const part = await set.read(places.map((place) => rows[place] - starts[i]))
        places.forEach((place, k) => {
          data.set(part.data.subarray(k * size, (k + 1) * size), place * size)
        })
      }
      return pixels(data, rows.length, first.height, first.width)
    },
    async fingerprint() {
      const hash = createHash('sha256')
      for (const set of sets) hash.update(await set.fingerprint())
      return hash.digest('hex')
    },
    files: sets.flatMap(({ files }) => files),
    async close() {
      for (const set of sets) await set.close()
    },
  }
}

function joinLabels(lists: readonly (Uint8Array | null)[]): Uint8Array | null {
  const known = lists.filter((list) => list !== null)
  if (known.length < lists.length) return null
  return Uint8Array.from(known.flatMap((list) => Array.from(list)))
}

function join<T>(lists: readonly (readonly T[] | null)[]): T[] | null {
  return lists.every((list) => list !== null) ? lists.flat() : null
}
