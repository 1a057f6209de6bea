// Which patches a signature is measured on, and how they are split. Both follow from the embeddings' bytes, so
// that neither order nor names have a say.

import { compareRows, compareText, groupRows, type RowSource, readBlocks } from '../base/index.ts'

/**
 * Rows of every center that has at least four, those of the smallest hashes (of equal ones, by label and slide),
 * `perCenter` at most and as many of each label from each center. Labels are left out of account where a label is in no
 * center or not in all.
 */
export function sampleCenters(
  hashes: Float64Array,
  centers: readonly string[],
  slides: readonly string[] | null,
  labels: Uint8Array | null,
  perCenter: number,
): Uint32Array {
  const compare = (a: number, b: number) =>
    hashes[a] - hashes[b] || (labels ? labels[a] - labels[b] : 0) || compareRows(slides, a, b)
  const groups = [...groupRows(centers.keys(), (row) => centers[row])]
    .filter(([, rows]) => rows.length >= 4)
    .sort(([a], [b]) => compareText(a, b))
    .map(([, rows]) => rows.sort(compare))
  const take = (limit: number, isWanted: (row: number) => boolean) =>
    groups.map((rows) => rows.filter(isWanted).slice(0, limit))
  const halves = labels && [0, 1].map((label) => take(perCenter >> 1, (row) => labels[row] === label))
  const sizes = halves?.map((half) => Math.min(...half.map((rows) => rows.length)))
  const sample =
    halves && sizes?.every((size) => size >= 2)
      ? groups.flatMap((_, center) => halves.flatMap((half, label) => half[center].slice(0, sizes[label])))
      : take(perCenter, () => true).flat()
  return Uint32Array.from(sample)
}

/** A whole number below 2^53 for each row that follows from the seed and the row's bits. */
export async function hashRows(x: RowSource, seed: number): Promise<Float64Array> {
  const hashes = new Float64Array(x.shape[0])
  let row = 0
  for await (const { data, shape } of readBlocks(x, { rows: 4096 })) {
    const columns = data.length / shape[0]
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
    for (let start = 0; start < bits.length; start += columns, row++) {
      const own = bits.subarray(start, start + columns)
      hashes[row] = hashBits(own, seed) * 2 ** 21 + (hashBits(own, ~seed) >>> 11)
    }
  }
  return hashes
}

// FNV-1a with MurmurHash3's finaliser.
function hashBits(bits: Uint32Array, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (const word of bits) {
    hash = Math.imul(hash ^ word, 0x01000193)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The fold and the cluster of each sampled patch. */
export interface Folds {
  readonly fold: Int32Array
  readonly cluster: Int32Array
  readonly grouped: 'slides' | 'patches'
}

/**
 * Deals the clusters of each center out to at most `most` folds, the largest first. Clusters are slides where every center
 * has at least two, else patches. No fold is without a center that has a cluster left for it.
 */
export function assignFolds(truth: Int32Array, slides: readonly string[] | null, most: number): Folds {
  const slidesOf = new Map<number, Set<string>>()
  for (const [i, center] of truth.entries()) {
    const known = slidesOf.get(center) ?? new Set()
    slidesOf.set(center, slides ? known.add(slides[i]) : known)
  }
  const isGrouped = [...slidesOf.values()].every((known) => known.size >= 2)
  const names = new Map<string, number>()
  const cluster = truth.map((_, i) => {
    if (!isGrouped) return i
    if (!names.has(slides![i])) names.set(slides![i], names.size)
    return names.get(slides![i])!
  })
  const fold = new Int32Array(truth.length)
  for (const center of slidesOf.keys()) {
    const members = new Map<number, number[]>()
    truth.forEach((other, i) => {
      if (other !== center) return
      const rows = members.get(cluster[i])
      if (rows) rows.push(i)
      else members.set(cluster[i], [i])
    })
    const sizes = new Float64Array(Math.min(most, members.size))
    for (const rows of [...members.values()].sort((a, b) => b.length - a.length)) {
      const emptiest = sizes.indexOf(Math.min(...sizes))
      sizes[emptiest] += rows.length
      for (const i of rows) fold[i] = emptiest
    }
  }
  return { fold, cluster, grouped: isGrouped ? 'slides' : 'patches' }
}
