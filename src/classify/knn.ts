// The k nearest training patches vote. Exact: every distance is computed, a block of rows at a time, as one
// matrix product in the engine. Deterministic: the seed is not used, and val is not looked at.

import { DataError, f32, type NdArray, ndarray, pickNamed } from '../base/index.ts'
import { openSession, type Session } from '../engine/index.ts'
import { add, emitModel, input, matmul } from '../graph/index.ts'
import { checkFinite, checkFit, checkShape } from './embeddings.ts'
import type { Head, HeadMethod } from './head.ts'
import { packHead, unpackHead } from './headFiles.ts'
import { openNeighbours } from './neighbours.ts'
import { fitStandardization, type Standardization, standardizeRows } from './standardize.ts'

/** Options of k nearest neighbours. */
export interface KnnOptions {
  /** Neighbours that vote, at most the number of training patches. */
  readonly k: number
  /** `cosine`: 1 - cosine of the angle; `euclidean`: length of the difference. */
  readonly metric: 'cosine' | 'euclidean'
  /** `uniform`: one vote each; `distance`: votes weigh 1 / distance. */
  readonly weighting: 'uniform' | 'distance'
  /** Standardise each dimension by train's mean and standard deviation. */
  readonly standardize: boolean
}

/** The training patches as the head keeps them: rows standardised and, for cosine, of length 1. */
interface Memory {
  readonly standardization: Standardization | null
  readonly x: NdArray<'f32'>
  readonly y: Uint8Array
}

/** k nearest neighbours as a head. It has no head.onnx: a vote is no network. */
export const knn: HeadMethod<KnnOptions> = {
  name: 'knn',
  version: 1,
  about: 'The k nearest training patches vote, by cosine or Euclidean distance; exact',
  defaults: { k: 25, metric: 'cosine', weighting: 'distance', standardize: true },
  async fit(train, val, options) {
    checkFit(train, val, false)
    checkOptions(options, train.y.length)
    const standardization = options.standardize ? fitStandardization(train.x) : null
    return makeKnnHead(
      { standardization, x: prepareRows(train.x, standardization, options), y: train.y.slice() },
      options,
    )
  },
  async load(files) {
    const { record, tensors } = unpackHead(files, 'knn')
    const [mean, scale] = ['mean', 'scale'].map(
      (name) => tensors[`standardization.${name}`]?.data as Float32Array | undefined,
    )
    const standardization = mean && scale ? { mean, scale } : null
    const memory = {
      standardization,
      x: tensors['memory.x'] as NdArray<'f32'>,
      y: tensors['memory.y'].data as Uint8Array,
    }
    return makeKnnHead(memory, record.options as KnnOptions)
  },
}

function checkOptions({ k, metric, weighting }: KnnOptions, rows: number): void {
  pickNamed('knn metric', { cosine: 1, euclidean: 1 }, metric)
  pickNamed('knn weighting', { uniform: 1, distance: 1 }, weighting)
  if (Number.isInteger(k) && k >= 1 && k <= rows) return
  throw new DataError({
    where: 'knn k',
    expected: `a whole number from 1 to ${rows}, the training patches`,
    got: `${k}`,
  })
}

function makeKnnHead(memory: Memory, options: KnnOptions): Head {
  return {
    kind: 'knn',
    curve: [],
    async predict(x) {
      checkShape('knn predict', x, memory.x.shape[1])
      checkFinite('knn predict', x)
      return vote(memory, prepareRows(x, memory.standardization, options), options)
    },
    async serialize() {
      const tensors: Record<string, NdArray> = {
        'memory.x': memory.x,
        'memory.y': ndarray('u8', [memory.y.length], memory.y),
      }
      for (const [name, values] of Object.entries(memory.standardization ?? {})) {
        tensors[`standardization.${name}`] = ndarray('f32', [values.length], values)
      }
      return packHead({ kind: 'knn', options } as { kind: string }, tensors)
    },
  }
}

function prepareRows(
  x: NdArray<'f32'>,
  standardization: Standardization | null,
  { metric }: KnnOptions,
): NdArray<'f32'> {
  const rows = standardization ? standardizeRows(x, standardization) : x
  return metric === 'cosine' ? normalizeRows(rows) : rows
}

// Rows of length 1 (a row of zeros stays): then the dot product is the cosine.
function normalizeRows({ data, shape }: NdArray<'f32'>): NdArray<'f32'> {
  const [rows, columns] = shape
  const lengths = measureRows(data, rows, columns).map(Math.sqrt)
  return f32(
    shape,
    data.map((value, i) => value / (lengths[Math.floor(i / columns)] || 1)),
  )
}

// The squared length of each row.
function measureRows(data: Float32Array, rows: number, columns: number): Float64Array {
  const squares = new Float64Array(rows)
  for (let i = 0; i < data.length; i++) squares[Math.floor(i / columns)] += data[i] ** 2
  return squares
}

// Similarities of one block, at most: 64 MB of float32.
const similaritiesPerBlock = 2 ** 24

async function vote(memory: Memory, x: NdArray<'f32'>, options: KnnOptions): Promise<Float32Array> {
  const [rows, columns] = x.shape
  const patches = memory.y.length
  const perBlock = Math.max(1, Math.min(rows, Math.floor(similaritiesPerBlock / patches)))
  const probabilities = new Float32Array(rows)
  const squares = measureRows(x.data, rows, columns)
  const neighbours = openNeighbours(options.k)
  const offset = f32(
    [patches],
    measureRows(memory.x.data, patches, columns).map((square) => -square / 2),
  )
  const session = await openSimilarity(columns, patches)
  try {
    let similarity = f32([perBlock, patches])
    for (let start = 0; start < rows; start += perBlock) {
      const count = Math.min(perBlock, rows - start)
      if (count < perBlock) similarity = f32([count, patches])
      const block = ndarray(
        'f32',
        [count, columns],
        x.data.subarray(start * columns, (start + count) * columns),
      )
      await session.run({ x: block, memory: memory.x, offset }, { similarity })
      for (let i = 0; i < count; i++) {
        const { rows: nearest, similarities } = neighbours.find(
          similarity.data.subarray(i * patches, (i + 1) * patches),
        )
        const distances = similarities.map((value) =>
          measureDistance(squares[start + i] - 2 * value, options),
        )
        probabilities[start + i] = weighVotes(nearest, distances, memory.y, options)
      }
    }
  } finally {
    await session.close()
  }
  return probabilities
}

// x . m - |m|^2 / 2 for every pair: of all training rows m, the nearest to x has the largest.
function openSimilarity(columns: number, patches: number): Promise<Session> {
  const x = input('x', ['rows', columns])
  const memory = input('memory', [patches, columns])
  const offset = input('offset', [patches])
  const similarity = add(matmul(x, memory, { transposeB: true }), offset)
  return openSession(emitModel({ similarity }, { name: 'neighbours', inputs: [x, memory, offset] }))
}

// From the squared Euclidean distance; between rows of length 1 that is twice the cosine distance.
function measureDistance(squared: number, { metric }: KnnOptions): number {
  const positive = Math.max(0, squared) // rounding can leave a little less than 0
  return metric === 'cosine' ? positive / 2 : Math.sqrt(positive)
}

// A distance of 0 weighs a million: a training patch met again decides.
const closest = 1e-6

function weighVotes(
  nearest: Uint32Array,
  distances: Float64Array,
  y: Uint8Array,
  { weighting }: KnnOptions,
): number {
  let tumour = 0
  let total = 0
  for (let i = 0; i < nearest.length; i++) {
    const weight = weighting === 'uniform' ? 1 : 1 / (distances[i] + closest)
    tumour += weight * y[nearest[i]]
    total += weight
  }
  return tumour / total
}
