// The hospital signature: how well the center a patch comes from can be told from its embedding. Whatever a
// classifier learns from there, it learns for these hospitals only. Howard et al. 2021 (Nature Communications 12,
// 4423), 'The impact of site-specific digital histology signatures on deep learning model accuracy and bias'.

import { DataError, f32, type NdArray, type RowSource, rowsOf } from '../base/index.ts'
import { nameSlides } from './clusters.ts'
import type { Interval } from './evaluation.ts'
import {
  countEffective,
  type LeftOut,
  leaveEachOut,
  makeInterval,
  makeShareInterval,
  measureSpread,
} from './jackknife.ts'
import { measureSilhouettes, multiplyRows, probeLinearly, voteNeighbours } from './probes.ts'
import { assignFolds, hashRows, sampleCenters } from './signatureSample.ts'

/** Embeddings with what is known of their patches: one row, one entry each. */
export interface SignatureRows {
  /** [count, dimensions], finite; only the sample is held in memory. */
  readonly x: NdArray<'f32'> | RowSource
  readonly centers: readonly string[]
  readonly slides?: readonly string[] | null
  /** 1 tumour, 0 normal: both are sampled alike from every center, so that a share of tumour gives no center away. */
  readonly labels?: Uint8Array | null
}

/** How to measure: at most `perCenter` patches of each center (200). */
export interface SignatureOptions {
  readonly seed: number
  readonly perCenter?: number
}

/** How well centers can be told apart. Balanced accuracies are held against `chance`, silhouettes against 0. */
export interface CenterSignature {
  readonly centers: readonly string[]
  /** Patches sampled. */
  readonly count: number
  /** 1 / number of centers. */
  readonly chance: number
  /** What folds and intervals keep together: slides where every center has at least two, else single patches. */
  readonly grouped: 'slides' | 'patches'
  /** Balanced accuracy of a cross-validated linear probe (ridge regression on one-hot centers). */
  readonly linear: Interval
  /** Balanced accuracy of the vote of the ten nearest patches, those of the same fold left out. */
  readonly neighbours: Interval
  /** Mean silhouette of the centers, -1 to 1: 0 where they lie within each other. */
  readonly silhouette: Interval
}

const folds = 5

/**
 * Measures how well centers can be told from embeddings, on a bounded sample that follows from the seed and the embeddings,
 * not from the order of rows. Dimensions are standardised. Null with fewer than two centers of four patches each.
 * Throws DataError where a column has another length.
 */
export async function measureSignature(
  { x, centers, slides = null, labels = null }: SignatureRows,
  { seed, perCenter = 200 }: SignatureOptions,
): Promise<CenterSignature | null> {
  for (const [name, column] of Object.entries({ centers, slides, labels })) {
    if (!column || column.length === x.shape[0]) continue
    const where = `signature ${name}`
    throw new DataError({ where, expected: `${x.shape[0]} entries`, got: `${column.length}` })
  }
  const rows = sampleCenters(await hashRows(rowsOf(x), seed), centers, slides, labels, perCenter)
  const names = [...new Set(Array.from(rows, (row) => centers[row]))].sort()
  if (names.length < 2) return null
  const truth = Int32Array.from(rows, (row) => names.indexOf(centers[row]))
  const slideNames = nameSlides(slides, centers)
  const { fold, cluster, grouped } = assignFolds(
    truth,
    slideNames && Array.from(rows, (row) => slideNames[row]),
    folds,
  )
  const sampled = f32([rows.length, x.shape[1]])
  await rowsOf(x).gather(rows, sampled.data)
  const products = multiplyRows(sampled)
  const shareRight = (told: Int32Array) => {
    const isRight = Float64Array.from(told, (center, i) => Number(center === truth[i]))
    const { mean, leftOut } = averageCenters(isRight, truth, cluster)
    return makeShareInterval(mean, leftOut, rows.length)
  }
  const silhouette = averageCenters(measureSilhouettes(products, truth, names.length), truth, cluster)
  return {
    centers: names,
    count: rows.length,
    chance: 1 / names.length,
    grouped,
    linear: shareRight(probeLinearly(products, truth, names.length, fold)),
    neighbours: shareRight(voteNeighbours(products, truth, names.length, fold)),
    silhouette: makeInterval(silhouette.mean, measureSpread(silhouette.leftOut), [-1, 1]),
  }
}

// The mean over centers of the centers' mean scores, and the same with each cluster of each center left out.
function averageCenters(
  scores: Float64Array,
  truth: Int32Array,
  cluster: Int32Array,
): { readonly mean: number; readonly leftOut: readonly LeftOut[] } {
  const parts = Array.from({ length: Math.max(...truth) + 1 }, (_, center) => {
    const rows = Array.from(truth.keys()).filter((i) => truth[i] === center)
    const names = [...new Set(rows.map((i) => cluster[i]))]
    const sums = new Float64Array(names.length)
    const sizes = new Float64Array(names.length)
    for (const i of rows) {
      const at = names.indexOf(cluster[i])
      sums[at] += scores[i]
      sizes[at]++
    }
    const weigh = (values: Float64Array, weights: Uint32Array) =>
      values.reduce((total, value, at) => total + weights[at] * value, 0)
    const measure = (weights: Uint32Array) => weigh(sums, weights) / weigh(sizes, weights)
    const all = measure(new Uint32Array(names.length).fill(1))
    return { all, left: leaveEachOut(names.length, measure), effective: countEffective(sizes) }
  })
  const mean = parts.reduce((sum, { all }) => sum + all, 0) / parts.length
  const leftOut = parts.map(({ all, left, effective }) => ({
    figures: left.map((figure) => mean + (figure - all) / parts.length),
    effective,
  }))
  return { mean, leftOut }
}
