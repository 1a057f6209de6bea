// The hospital signature: how well the center a patch comes from can be told from its embedding. Whatever a
// classifier learns from there, it learns for these hospitals only. Howard et al. 2021 (Nature Communications 12,
// 4423), 'The impact of site-specific digital histology signatures on deep learning model accuracy and bias'.

import { DataError, f32, type NdArray, openRandom, type RowSource, rowsOf } from '../base/index.ts'
import { drawWeights, makeInterval } from './bootstrap.ts'
import type { Interval } from './evaluation.ts'
import { nameSlides } from './groups.ts'
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

/** How to measure: at most `perCenter` patches of each center (200), `resamples` of the bootstrap (1000). */
export interface SignatureOptions {
  readonly seed: number
  readonly perCenter?: number
  readonly resamples?: number
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
  { seed, perCenter = 200, resamples = 1000 }: SignatureOptions,
): Promise<CenterSignature | null> {
  for (const [name, column] of Object.entries({ centers, slides, labels })) {
    if (!column || column.length === x.shape[0]) continue
    const where = `signature ${name}`
    throw new DataError({ where, expected: `${x.shape[0]} entries`, got: `${column.length}` })
  }
  const rows = sampleCenters(await hashRows(rowsOf(x), seed), centers, labels, perCenter)
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
  const random = openRandom(seed, 'signature')
  const interval = (scores: Float64Array) => bootstrapCenters(scores, truth, cluster, random, resamples)
  const isRight = (told: Int32Array) => Float64Array.from(told, (center, i) => Number(center === truth[i]))
  return {
    centers: names,
    count: rows.length,
    chance: 1 / names.length,
    grouped,
    linear: interval(isRight(probeLinearly(products, truth, names.length, fold))),
    neighbours: interval(isRight(voteNeighbours(products, truth, names.length, fold))),
    silhouette: interval(measureSilhouettes(products, truth, names.length)),
  }
}

// The mean over centers of the centers' mean scores, clusters being drawn anew within each center.
function bootstrapCenters(
  scores: Float64Array,
  truth: Int32Array,
  cluster: Int32Array,
  random: ReturnType<typeof openRandom>,
  resamples: number,
): Interval {
  const centers = Array.from({ length: Math.max(...truth) + 1 }, (_, center) => {
    const rows = Array.from(truth.keys()).filter((i) => truth[i] === center)
    const clusters = [...new Set(rows.map((i) => cluster[i]))]
    return { rows: rows.map((i) => ({ score: scores[i], group: clusters.indexOf(cluster[i]) })), clusters }
  })
  const measure = (weightsOf: (center: number) => Uint32Array) =>
    centers.reduce((total, { rows }, center) => {
      const weights = weightsOf(center)
      let [sum, count] = [0, 0]
      for (const { score, group } of rows) {
        sum += weights[group] * score
        count += weights[group]
      }
      return total + sum / count / centers.length
    }, 0)
  const ones = centers.map(({ clusters }) => new Uint32Array(clusters.length).fill(1))
  const draws = centers.map(({ clusters }) => new Uint32Array(clusters.length))
  const resampled = Array.from({ length: resamples }, () => {
    for (const weights of draws) drawWeights(random, weights)
    return measure((center) => draws[center])
  })
  return makeInterval(
    measure((center) => ones[center]),
    resampled,
  )
}
