// The work of the page Predict: a pipeline is opened here, pictures are decoded here and cut into patches of its size.

import { DataError, EngineError, joinPixels, type Pixels } from '../../../src/base/index.ts'
import {
  countThreads,
  listProviders,
  type ProviderChoice,
  type ProviderName,
  warmRuntime,
} from '../../../src/engine/browser.ts'
import { openPipeline, type WebPipeline } from '../../../src/export/browser.ts'
import { decodePicture, drawPixels } from './pictures.ts'
import { runtimeFiles } from './runtimeFiles.ts'
import { answerQuestions } from './talk.ts'

/** What the page is told of an open pipeline. */
export interface OpenedPipeline {
  readonly metadata: Readonly<Record<string, string>>
  readonly model: string
  readonly threshold: number
  readonly transductive: boolean
  readonly patch: { readonly height: number; readonly width: number }
  readonly provider: ProviderName
  /** Threads of the processor; 1 where the page may not share memory. */
  readonly threads: number
  /** Why the GPU, which would have been taken, could not run it; null where it was not tried or could. */
  readonly refusal: string | null
}

/** A picture that was taken in: as many whole patches as lie in it, in rows from the top left. */
export interface TakenPicture {
  readonly width: number
  readonly height: number
  readonly rows: number
  readonly columns: number
  readonly picture: ImageBitmap
}

/** The probability of one patch of a picture, by its number, row by row. */
export interface PredictedPatch {
  readonly id: string
  readonly index: number
  readonly probability: number
}

let pipeline: WebPipeline | null = null
const pictures = new Map<string, Pixels>()
let isCancelled = false

const handlers = {
  /** The providers of this browser; the runtime of the first is loaded, so that a pipeline needs no network. */
  async warm(_: null): Promise<readonly ProviderName[]> {
    const providers = await listProviders()
    await warmRuntime({ provider: providers[0], files: runtimeFiles })
    return providers
  },

  async open({ file, provider }: { file: File; provider: ProviderChoice }): Promise<OpenedPipeline> {
    await pipeline?.close()
    pipeline = null
    const bytes = new Uint8Array(await file.arrayBuffer())
    const openOn = (place: ProviderName) =>
      openPipeline(bytes, file.name, { provider: place, files: runtimeFiles })
    let refusal: string | null = null
    const first = provider === 'auto' ? (await listProviders())[0] : provider
    if (provider === 'auto' && first === 'webgpu') {
      pipeline = await openOn('webgpu').catch((cause) => {
        if (!(cause instanceof EngineError)) throw cause
        refusal = cause.message
        return openOn('cpu')
      })
    } else pipeline = await openOn(first)
    const { metadata, model, threshold, transductive, patch } = pipeline
    const threads = pipeline.provider === 'cpu' ? countThreads() : 1
    return { metadata, model, threshold, transductive, patch, provider: pipeline.provider, threads, refusal }
  },

  async take({ id, file, name }: { id: string; file: Blob; name: string }): Promise<TakenPicture> {
    const { patch } = requirePipeline()
    const picture = await decodePicture(file, name)
    const { width, height } = picture
    const [rows, columns] = [Math.floor(height / patch.height), Math.floor(width / patch.width)]
    if (rows * columns === 0) {
      const expected = `at least ${patch.width} x ${patch.height} pixels, as the pipeline takes them`
      const hint = 'patches must show as much tissue as those of the training'
      throw new DataError({ where: name, expected, got: `${width} x ${height}`, hint })
    }
    pictures.set(id, picture)
    return { width, height, rows, columns, picture: await drawPixels(picture) }
  },

  async drop({ ids }: { ids: readonly string[] }): Promise<void> {
    for (const id of ids) pictures.delete(id)
  },

  /**
   * Predicts every patch of the pictures, and reports what is done some times a second; answers whether it came to its end, and
   * how long the pipeline took.
   */
  async predict(
    { ids }: { ids: readonly string[] },
    report: (done: readonly PredictedPatch[]) => void,
  ): Promise<{ isWhole: boolean; milliseconds: number }> {
    const { patch, batch, predict } = requirePipeline()
    isCancelled = false
    const places = ids.flatMap((id) => listPlaces(id, patch))
    let milliseconds = 0
    let reported = performance.now()
    let done: PredictedPatch[] = []
    let count = 0
    for (let from = 0; from < places.length && !isCancelled; from += batch) {
      const some = places.slice(from, from + batch)
      const patches = joinPixels(some.map(({ picture, top, left }) => cutPatch(picture, patch, top, left)))
      const started = performance.now()
      const probabilities = await predict(patches)
      milliseconds += performance.now() - started
      count += some.length
      done.push(...some.map(({ id, index }, i) => ({ id, index, probability: probabilities[i] })))
      if (performance.now() - reported > 150 || from + batch >= places.length) {
        report(done)
        done = []
        reported = performance.now()
      }
      await new Promise((resolve) => setTimeout(resolve, 0)) // lets a cancel in
    }
    if (done.length > 0) report(done)
    return { isWhole: count === places.length, milliseconds }
  },

  async cancel(_: null): Promise<void> {
    isCancelled = true
  },
}

/** What this worker answers. */
export type PredictHandlers = typeof handlers

function requirePipeline(): WebPipeline {
  if (pipeline) return pipeline
  throw new DataError({
    where: 'Predict',
    expected: 'a pipeline',
    got: 'none',
    hint: 'drop a pipeline first',
  })
}

interface Place {
  readonly id: string
  readonly picture: Pixels
  readonly index: number
  readonly top: number
  readonly left: number
}

// Where the whole patches of a picture lie, row by row.
function listPlaces(id: string, { height, width }: WebPipeline['patch']): Place[] {
  const picture = pictures.get(id)
  if (!picture) return []
  const [rows, columns] = [Math.floor(picture.height / height), Math.floor(picture.width / width)]
  return Array.from({ length: rows * columns }, (_, index) => {
    return { id, picture, index, top: Math.floor(index / columns) * height, left: (index % columns) * width }
  })
}

function cutPatch(
  picture: Pixels,
  { height, width }: WebPipeline['patch'],
  top: number,
  left: number,
): Pixels {
  const data = new Uint8Array(height * width * 3)
  for (let y = 0; y < height; y++) {
    const at = ((top + y) * picture.width + left) * 3
    data.set(picture.data.subarray(at, at + width * 3), y * width * 3)
  }
  return { data, count: 1, height, width }
}

answerQuestions(handlers)
