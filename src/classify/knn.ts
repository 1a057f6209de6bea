// The k nearest training patches vote. Exact: every distance is computed, a block of rows at a time, as one
// matrix product in the engine. Deterministic: the seed is not used, and val is not looked at.

import {
  checkOptions,
  f32,
  flag,
  type NdArray,
  ndarray,
  type OptionRules,
  oneOf,
  RecipeError,
  whole,
} from '../base/index.ts'
import { openSession, type Session, stableOptions } from '../engine/index.ts'
import { emitModel, input, matmul } from '../graph/index.ts'
import { type MetricName, metrics } from './distances.ts'
import { checkFinite, checkShape, loadTrain } from './embeddings.ts'
import type { Head, HeadMethod } from './head.ts'
import { packHead, unpackHead } from './headFiles.ts'
import { holdSession } from './heldSession.ts'
import { openNeighbours } from './neighbours.ts'
import { rejectRobust } from './robust.ts'
import {
  fitStandardization,
  listStandardization,
  readStandardization,
  type Standardization,
  standardizeRows,
} from './standardize.ts'

/** Options of k nearest neighbours. */
export interface KnnOptions {
  /** Neighbours that vote, at most the number of training patches. */
  readonly k: number
  /** `cosine`: 1 - cosine of the angle; `euclidean`: length of the difference. */
  readonly metric: MetricName
  /** `uniform`: one vote each; `distance`: votes weigh 1 / distance. */
  readonly weighting: 'uniform' | 'distance'
  /** Standardise each dimension by train's mean and standard deviation. */
  readonly standardize: boolean
}

/** Added to distances before they are inverted. A distance of 0 weighs a million: a training patch met again decides. */
export const closest = 1e-6
const weightings = {
  uniform: () => 1,
  distance: (distance: number) => 1 / (distance + closest),
}

const rules: OptionRules<KnnOptions> = {
  k: whole(1, 1_000_000),
  metric: oneOf(Object.keys(metrics)),
  weighting: oneOf(Object.keys(weightings)),
  standardize: flag,
}

/** What the head keeps: the training patches as the metric prepared them. */
interface Memory {
  readonly standardization: Standardization | null
  readonly dimensions: number
  readonly x: NdArray<'f32'>
  readonly y: Uint8Array
}

/** k nearest neighbours as a head. It has no head.onnx: a vote is no network. */
export const knn: HeadMethod<KnnOptions> = {
  name: 'knn',
  version: 3,
  usesSeed: false,
  about: 'The k nearest training patches vote, by cosine or Euclidean distance; exact',
  defaults: { k: 25, metric: 'cosine', weighting: 'distance', standardize: true },
  rules,
  check: (where, patches, options) => rejectMoreThan(`${where} k`, patches, options),
  async fit(trainRows, _val, options, _seed, hooks = {}) {
    checkOptions('knn', rules, options)
    rejectRobust('knn', hooks.robust)
    const train = await loadTrain(trainRows)
    rejectMoreThan('knn.k', train.y.length, options)
    const standardization = options.standardize ? fitStandardization(train.x) : null
    const rows = standardization ? standardizeRows(train.x, standardization, train.x.data) : train.x
    const x = metrics[options.metric].prepareMemory(rows)
    const memory = { standardization, dimensions: train.x.shape[1], x, y: train.y.slice() }
    return makeHead(memory, options, hooks.threads)
  },
  async load(files, place) {
    const { record, tensors } = unpackHead(files, 'knn')
    const memory = {
      standardization: readStandardization(tensors),
      dimensions: record.dimensions as number,
      x: tensors['memory.x'] as NdArray<'f32'>,
      y: tensors['memory.y'].data as Uint8Array,
    }
    return makeHead(memory, record.options as KnnOptions, place?.threads)
  },
}

function rejectMoreThan(where: string, rows: number, { k }: KnnOptions): void {
  if (k <= rows) return
  throw new RecipeError({ where, expected: `at most ${rows}, the training patches`, got: `${k}` })
}

function makeHead(memory: Memory, options: KnnOptions, threads?: number): Head {
  const { standardization, dimensions, x: memoryX, y } = memory
  const session = holdSession(() => openProducts(memoryX.shape, threads))
  return {
    kind: 'knn',
    curve: [],
    async predict(x) {
      checkShape('knn predict', x, dimensions)
      checkFinite('knn predict', x)
      const rows = standardization ? standardizeRows(x, standardization) : x
      return vote(await session.get(), memory, metrics[options.metric].prepareQuery(rows), options)
    },
    close: session.close,
    async serialize() {
      return packHead(
        { kind: 'knn', dimensions, options },
        {
          'memory.x': memoryX,
          'memory.y': ndarray('u8', [y.length], y),
          ...listStandardization(standardization),
        },
      )
    },
  }
}

// Dot products of one block, at most: 64 MB of float32.
const productsPerBlock = 2 ** 24

async function vote(
  session: Session,
  memory: Memory,
  x: NdArray<'f32'>,
  options: KnnOptions,
): Promise<Float32Array> {
  const [rows, columns] = x.shape
  const patches = memory.y.length
  const perBlock = Math.max(1, Math.min(rows, Math.floor(productsPerBlock / patches)))
  const probabilities = new Float32Array(rows)
  const neighbours = openNeighbours(options.k)
  let products = f32([perBlock, patches])
  for (let start = 0; start < rows; start += perBlock) {
    const count = Math.min(perBlock, rows - start)
    if (count < perBlock) products = f32([count, patches])
    const data = x.data.subarray(start * columns, (start + count) * columns)
    await session.run({ x: ndarray('f32', [count, columns], data), memory: memory.x }, { products })
    for (let i = 0; i < count; i++) {
      const nearest = neighbours.find(products.data.subarray(i * patches, (i + 1) * patches))
      probabilities[start + i] = countVotes(nearest, memory.y, options)
    }
  }
  return probabilities
}

function openProducts([patches, columns]: readonly number[], threads?: number): Promise<Session> {
  const x = input('x', ['rows', columns])
  const memory = input('memory', [patches, columns])
  const products = matmul(x, memory, { transposeB: true })
  const model = emitModel({ products }, { name: 'neighbours', inputs: [x, memory] })
  return openSession(model, stableOptions({ products }, { provider: 'cpu', threads }))
}

function countVotes(
  nearest: { readonly rows: Uint32Array; readonly products: Float64Array },
  y: Uint8Array,
  { metric, weighting }: KnnOptions,
): number {
  let tumour = 0
  let total = 0
  for (let i = 0; i < nearest.rows.length; i++) {
    const weight = weightings[weighting](metrics[metric].toDistance(nearest.products[i]))
    tumour += weight * y[nearest.rows[i]]
    total += weight
  }
  return tumour / total
}
