// Pictures made ready beside the network: a thread resizes, crops and normalises the next runs while ONNX Runtime,
// whose `run` blocks this thread, works on one. What a run is fed does not depend on the number of threads.

import { type NdArray, ndarray, type Pixels } from '../base/index.ts'
import { openSlots, openWorkers, type ProviderName, type Workers } from '../engine/index.ts'
import { type ImageTransform, transformedSides } from '../patches/index.ts'
import {
  type PictureForm,
  type PreparationTask,
  prepareRun,
  shapeOf,
  usualForm,
} from './preparationWorker.ts'

/** Some patches as what a network is fed. */
export interface PreparedRun {
  /** [run, 3, height, width], or of another form; entries past `count` are zero. */
  readonly images: NdArray
  /** The first patch of the batch, and how many there are. */
  readonly first: number
  readonly count: number
}

/** How pictures are made ready: by which transform, and in threads. */
export interface Preparation {
  /**
   * A batch cut into runs of `size`, each ready or on its way; a run is counted as eaten once the next is asked for.
   * Calls are answered in order: the runs of one batch must be eaten before those of a later one are waited for.
   */
  prepare(batch: Pixels, size: number): AsyncGenerator<PreparedRun>
  close(): Promise<void>
}

const workerUrl = new URL('./preparationWorker.ts', import.meta.url)
// Runs that are ready or in work but not yet eaten, which bounds the memory.
const runsAhead = 3
// So many patches are made ready in this thread before another is begun, which takes half a second.
const patchesHere = 64

/**
 * How many threads make pictures ready for a network on `provider` that may use `threads` in all (one a processor by
 * default). Beside a processor one is ahead of any network, and none where a single one is allowed: this thread makes
 * them ready then. A GPU may want them all.
 */
export function threadsBeside(provider: ProviderName, threads?: number): number | undefined {
  if (provider !== 'cpu') return threads
  return threads === 1 ? 0 : 1
}

/**
 * Opens a preparation with `threads` threads (one a processor by default), which begin at the first batch; with none,
 * pictures are made ready in this thread.
 */
export function openPreparation(
  transform: ImageTransform,
  threads?: number,
  form: PictureForm = usualForm,
): Preparation {
  let workers: Workers<PreparationTask, Float32Array | Uint8Array> | undefined
  const slots = openSlots(runsAhead)
  let seen = 0
  const start = async (batch: Pixels, first: number, count: number, size: number) => {
    await slots.take()
    seen += count
    const { height, width } = batch
    const patch = height * width * 3
    const data = batch.data.slice(first * patch, (first + count) * patch)
    const sides = transformedSides(transform, height, width)
    const task = { data, count, height, width, transform, form, size }
    if (seen > patchesHere && threads !== 0) workers ??= openWorkers(workerUrl, { threads })
    const values = workers ? await workers.run(task, [data.buffer]) : prepareRun(task).data
    return { images: ndarray(form.dtype, shapeOf(form, size, sides), values as never), first, count }
  }
  return {
    prepare(batch, size) {
      const runs = Array.from({ length: Math.ceil(batch.count / size) }, (_, i) => {
        const run = start(batch, i * size, Math.min(size, batch.count - i * size), size)
        run.catch(() => {}) // it is awaited in its turn
        return run
      })
      return eat(runs, slots.give)
    },
    close: async () => workers?.close(),
  }
}

// However the loop over the runs ends, each gives its slot back once.
async function* eat(runs: readonly Promise<PreparedRun>[], give: () => void): AsyncGenerator<PreparedRun> {
  let eaten = 0
  try {
    for (const run of runs) {
      yield await run
      eaten++
      give()
    }
  } finally {
    for (; eaten < runs.length; eaten++) give()
  }
}
