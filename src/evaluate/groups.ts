// The patches of an evaluation in an order of their own: by probability, label, center and slide, never by
// row. Everything downstream sums in this order, so that shuffled rows give the same bits.

import { compareRows, DataError, type Random } from '../base/index.ts'
import { type Clusters, clusterRows, type Units } from './clusters.ts'

/** Patches sorted by falling probability. Patches of one `cluster` are left out together. */
export interface Group extends Clusters {
  readonly probabilities: Float32Array
  readonly labels: Uint8Array
  /** From which probability on each patch is called tumour. */
  readonly thresholds: Float64Array
}

/** What is evaluated: one entry a patch in every column. */
export interface Predictions {
  /** 1 tumour, 0 normal. */
  readonly labels: Uint8Array
  /** Probability of tumour, 0 to 1. */
  readonly probabilities: Float32Array
  readonly centers?: readonly string[] | null
  readonly slides?: readonly string[] | null
  readonly patients?: readonly string[] | null
}

/** Throws DataError naming the row where labels, probabilities or column lengths are not what they should be. */
export function checkPredictions({ labels, probabilities, centers, slides, patients }: Predictions): void {
  const count = labels.length
  if (count === 0) throw new DataError({ where: 'evaluate', expected: 'at least one patch', got: 'none' })
  for (const [name, column] of Object.entries({ probabilities, centers, slides, patients })) {
    if (column && column.length !== count) {
      throw new DataError({
        where: `evaluate ${name}`,
        expected: `${count} entries`,
        got: `${column.length}`,
      })
    }
  }
  for (let row = 0; row < count; row++) {
    if (labels[row] > 1) {
      throw new DataError({ where: `evaluate labels, row ${row}`, expected: '0 or 1', got: `${labels[row]}` })
    }
    const probability = probabilities[row]
    if (!(probability >= 0 && probability <= 1)) {
      throw new DataError({
        where: `evaluate probabilities, row ${row}`,
        expected: 'a number from 0 to 1',
        got: `${probability}`,
      })
    }
  }
}

/** Rows by falling probability, then label, center, slide and patient: rows that still tie are alike in everything. */
export function sortRows({ labels, probabilities, centers, slides, patients }: Predictions): Uint32Array {
  return Uint32Array.from(labels, (_, row) => row).sort(
    (i, j) =>
      probabilities[j] - probabilities[i] ||
      labels[j] - labels[i] ||
      compareRows(centers, i, j) ||
      compareRows(slides, i, j) ||
      compareRows(patients, i, j),
  )
}

/** The sorted `rows` as a group, called at `thresholds` (one a row of the predictions), in clusters as `clusterRows` has them. */
export function makeGroup(
  { labels, probabilities }: Predictions,
  rows: Uint32Array,
  units: Units,
  thresholds: Float64Array,
): Group {
  return {
    probabilities: Float32Array.from(rows, (row) => probabilities[row]),
    labels: Uint8Array.from(rows, (row) => labels[row]),
    ...clusterRows(rows, units),
    thresholds: Float64Array.from(rows, (row) => thresholds[row]),
  }
}

/** How many patches each cluster of a group has. */
export function countPatches({ cluster, clusters }: Group): Float64Array {
  const sizes = new Float64Array(clusters)
  for (const index of cluster) sizes[index]++
  return sizes
}

// More parts than this make no interval better, only slower to have.
const lotsAtMost = 200

/** A group whose clusters, where there are more than 200, are dealt at random into so many: to be left out in lots. */
export function dealLots(group: Group, random: Random): Group {
  if (group.clusters <= lotsAtMost) return group
  const lot = random.permutation(group.clusters).map((place) => place % lotsAtMost)
  return { ...group, cluster: group.cluster.map((index) => lot[index]), clusters: lotsAtMost }
}
