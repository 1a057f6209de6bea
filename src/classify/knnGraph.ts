// The vote of the k nearest training patches as graph ops, for an exported pipeline; in use, knn.ts votes in blocks.

import type { NdArray } from '../base/index.ts'
import * as g from '../graph/index.ts'
import { writeStandardization } from './denseNetwork.ts'
import type { MetricName } from './distances.ts'
import { unpackHead } from './headFiles.ts'
import { closest, type KnnOptions } from './knn.ts'
import { readStandardization } from './standardize.ts'

/** The probability [rows, 1] that a knn head's files give for embeddings [rows, dimensions]. Throws DataError. */
export function writeKnn(embedding: g.Value, files: Readonly<Record<string, Uint8Array>>): g.Value {
  const { record, tensors } = unpackHead(files, 'knn')
  const { k, metric, weighting } = record.options as KnnOptions
  const standardization = readStandardization(tensors)
  const x = standardization ? writeStandardization(embedding, standardization) : embedding
  const [rows] = embedding.shape
  const labels = Float64Array.from(tensors['memory.y'].data as Uint8Array)
  const memory = tensors['memory.x'] as NdArray<'f32'>
  const products = g.matmul(writers[metric].prepareQuery(x), g.constant(memory), { transposeB: true })
  const distances = writers[metric].toDistance(g.cast(g.largest(products, k), 'f64'))
  const weights =
    weighting === 'uniform' ? g.add(g.mul(distances, 0), 1) : g.div(1, g.add(distances, closest))
  const table = g.constant({ dtype: 'f64', shape: [labels.length], data: labels })
  const votes = g.mul(weights, g.gather(table, g.largest(products, k, 'indices')))
  const share = g.div(g.reduceSum(votes, { axes: [1] }), g.reduceSum(weights, { axes: [1] }))
  return g.reshape(g.cast(share, 'f32'), [rows, 1])
}

interface MetricWriter {
  prepareQuery(x: g.Value): g.Value
  toDistance(products: g.Value): g.Value
}

// As the metrics of distances.ts, in their precision.
const writers: { readonly [M in MetricName]: MetricWriter } = {
  cosine: {
    prepareQuery(x) {
      const exact = g.cast(x, 'f64')
      const length = g.sqrt(sumSquares(exact))
      return g.cast(g.div(exact, g.where(g.equal(length, 0), 1, length)), 'f32')
    },
    toDistance: (products) => g.maximum(g.sub(1, products), 0),
  },
  euclidean: {
    prepareQuery(x) {
      const half = g.mul(sumSquares(g.cast(x, 'f64')), -0.5)
      const ones = g.add(g.mul(half, 0), 1)
      return g.concat([x, g.cast(ones, 'f32'), g.cast(half, 'f32')], 1)
    },
    toDistance: (products) => g.sqrt(g.maximum(g.mul(products, -2), 0)),
  },
}

function sumSquares(x: g.Value): g.Value {
  return g.reduceSum(g.square(x), { axes: [1], keep: true })
}
