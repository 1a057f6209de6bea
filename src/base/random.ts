// Seeded randomness. One study seed decides everything: each use derives its own independent stream
// from the seed and a path of labels, so that adding a use never shifts the numbers of another.

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A stream of random numbers; the same seed and labels give the same stream on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number
  /** Uniform integer in [0, bound), bound at most 2^32. */
  integer(bound: number): number
  /** Standard normal. */
  normal(): number
  /** A uniformly random order of 0 .. count-1 (Fisher-Yates). */
  permutation(count: number): Uint32Array
}

/** Opens the stream named by `seed` and `labels`, e.g. `openRandom(0, 'dropout', epoch)`. */
export function openRandom(seed: number, ...labels: readonly (string | number)[]): Random {
  const generator = xoroshiro128plus(hashLabels([seed, ...labels]))
  for (let i = 0; i < 8; i++) generator.next() // the first outputs still show the state's pattern
  const bits = () => generator.next() >>> 0
  const uniform = () => bits() / 0x1_0000_0000
  const integer = (bound: number) => Math.floor(uniform() * bound)
  let spare: number | undefined
  return {
    uniform,
    integer,
    normal() {
      if (spare !== undefined) {
        const value = spare
        spare = undefined
        return value
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      const angle = 2 * Math.PI * uniform()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    permutation(count) {
      const order = Uint32Array.from({ length: count }, (_, i) => i)
      for (let i = count - 1; i > 0; i--) {
        const j = integer(i + 1)
        const swapped = order[i]
        order[i] = order[j]
        order[j] = swapped
      }
      return order
    },
  }
}

// FNV-1a over the labels with MurmurHash3's finaliser: labels are short, streams must differ in every bit.
function hashLabels(labels: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const character of labels.join('\u0000')) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 0
}
