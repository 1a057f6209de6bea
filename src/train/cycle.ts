// Rows in turn, for ever: one seeded permutation of them after the other. What stands where follows from the seed alone, so
// that a killed training finds its place again.

import { openRandom } from '../base/index.ts'

/** An endless order of `count` rows. */
export interface Cycle {
  /** The rows at `length` places, from `start` on. */
  take(start: number, length: number): Uint32Array
}

/** Opens the order that the seed and the labels name. */
export function openCycle(count: number, seed: number, ...labels: readonly (string | number)[]): Cycle {
  let round = -1
  let order: Uint32Array = new Uint32Array(0)
  return {
    take: (start, length) =>
      Uint32Array.from({ length }, (_, i) => {
        const place = start + i
        const due = Math.floor(place / count)
        if (due !== round) {
          order = openRandom(seed, ...labels, due).permutation(count)
          round = due
        }
        return order[place % count]
      }),
  }
}
