// An extractor whose batches several processes embed, each on its share of the threads. Between its matrix products a small
// network gains little from a second thread: two processes of one thread each embed a ViT-S/14 1.27 times as fast as one
// with two, in 8 bits twice as fast (bench/results/vit.md). A patch's embedding does not depend on which process makes it.

import { availableParallelism, totalmem } from 'node:os'
import { type Pixels, slicePixels } from '../base/index.ts'
import { openProcesses, type Processes } from '../engine/index.ts'
import type { Extractor } from './extractor.ts'
import type { ExtractorSpec } from './extractorMethod.ts'

// A process takes about a second to begin: before that is worth it, this one embeds for so long.
const secondsHere = 2
// What a process is handed at once: a multiple of what networks run at once, so that runs are cut as in one process.
const patchesAtOnce = 64
// Networks above this keep all threads busy by themselves.
const largestWeights = 512 * 2 ** 20
const mostProcesses = 8
const bytesOfProcess = 150 * 2 ** 20

/**
 * How many processes embed side by side with a network of so many bytes of weights on so many threads: one a thread where
 * they fit into a quarter of the memory, at most 8; 1 where a single process is as fast.
 */
export function countProcesses(weightBytes: number | undefined, threads = availableParallelism()): number {
  if (weightBytes === undefined || weightBytes > largestWeights) return 1
  // Weights are held as they are read and as they are laid out for the products.
  const fitting = Math.floor(totalmem() / 4 / (3 * weightBytes + bytesOfProcess))
  return Math.max(1, Math.min(threads, mostProcesses, fitting))
}

/** An extractor that another process can open too. */
export interface ExtractorOrder {
  readonly spec: ExtractorSpec
  /** What the paths in `spec` mean. */
  readonly paths: Readonly<Record<string, string>>
  readonly threads: number
}

/** How an extractor is spread. */
export interface SpreadOptions {
  /** The number of processes. */
  readonly count: number
  /** Threads of all of them together, one a processor by default. */
  readonly threads?: number
  /** Seconds from the first batch on in which this process embeds by itself. */
  readonly after?: number
}

/** The extractor, with `count` processes that embed in its place once there is enough to do. */
export function spreadExtractor(
  extractor: Extractor,
  order: Omit<ExtractorOrder, 'threads'>,
  { count, threads = availableParallelism(), after = secondsHere }: SpreadOptions,
): Extractor {
  const { name, dimensions } = extractor
  let begun: number | undefined
  let processes: Processes<Pixels, Float32Array> | undefined
  const begin = () =>
    openProcesses<ExtractorOrder, Pixels, Float32Array>(new URL('./extractorChild.ts', import.meta.url), {
      opening: { ...order, threads: Math.floor(threads / count) },
      most: count,
      who: `a process that embeds by ${name}`,
      hint: 'give fewer --threads',
    })
  return {
    ...extractor,
    processes: count,
    async embed(batch) {
      begun ??= performance.now()
      if (performance.now() - begun < 1000 * after) return extractor.embed(batch)
      processes ??= begin()
      const rows = new Float32Array(batch.count * dimensions)
      const embedPart = async (start: number) => {
        const part = await processes!.run(slicePixels(batch, start, start + patchesAtOnce))
        rows.set(part, start * dimensions)
      }
      const starts = Array.from(
        { length: Math.ceil(batch.count / patchesAtOnce) },
        (_, i) => i * patchesAtOnce,
      )
      await Promise.all(starts.map(embedPart))
      return rows
    },
    async close() {
      processes?.close()
      await extractor.close()
    },
  }
}
