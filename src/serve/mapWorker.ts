// A worker thread's side of a map: it lays embeddings out in a plane and says how far it is.

import type { MessagePort } from 'node:worker_threads'
import type { MapMethod, MapProgress } from './api.ts'
import { findComponents, standardise } from './principalComponents.ts'
import { layOut } from './umap.ts'

/** Embeddings to lay out. */
export interface MapTask {
  readonly method: MapMethod
  /** [rows, columns]; at least three rows. */
  readonly values: Float32Array
  readonly columns: number
  /** Hears of progress. */
  readonly port: MessagePort
}

/** Where they lie. */
export interface MapPlaces {
  /** x and y of each row, one after the other. */
  readonly places: Float32Array
  /** The shares of the variance that the two axes hold; null for UMAP, whose axes mean nothing. */
  readonly explained: readonly number[] | null
}

// UMAP measures distances between this many components at most.
const componentsOfUmap = 50
// Neighbours do not need the last digits of the least of them.
const toleranceOfUmap = 1e-4

/** What the worker pool calls. */
export function runTask({ method, values, columns, port }: MapTask): MapPlaces {
  const tell = (progress: MapProgress) => port.postMessage(progress)
  standardise(values, columns)
  const wanted = method === 'pca' ? 2 : componentsOfUmap
  const { scores, explained } = findComponents(
    values,
    columns,
    wanted,
    (done, total) => tell({ what: 'Finding principal components', done, total, unit: 'rounds at most' }),
    method === 'pca' ? 1e-7 : toleranceOfUmap,
  )
  const width = explained.length
  if (method === 'pca')
    return { places: takeTwo(scores, width), explained: [0, 1].map((i) => explained[i] ?? 0) }
  const places = layOut(scores, width, 0, (what, done, total) =>
    tell(
      what === 'neighbours'
        ? { what: 'Finding neighbours', done, total, unit: 'patches' }
        : { what: 'Laying the map out', done, total, unit: 'rounds' },
    ),
  )
  return { places, explained: null }
}

function takeTwo(scores: Float32Array, width: number): Float32Array {
  return Float32Array.from({ length: (2 * scores.length) / width }, (_, at) =>
    at % 2 < width ? scores[(at >> 1) * width + (at % 2)] : 0,
  )
}
