// Worker threads that normalise batches. What comes out does not depend on their number: patches are
// independent, and each part of a batch is written to its own place.

import { type Pixels, pixels } from '../base/index.ts'
import { openWorkers } from '../engine/index.ts'
import type { ApplyContext, StainFit, StainResult } from '../stain/index.ts'
import type { FittedStain } from './fittedStain.ts'
import type { StainAnswer, StainTask } from './stainWorker.ts'

/** Threads that normalise; close them when done. */
export interface StainWorkers {
  readonly threads: number
  /** Normalises; the result is in the context's `out` where that is shared memory, else in memory of its own. */
  apply(stain: FittedStain, batch: Pixels, context: ApplyContext<StainFit>): Promise<StainResult>
  close(): Promise<void>
}

/** Opens threads (all cores by default). Methods that are trained run where their networks are, not here. */
export function openStainWorkers(threads?: number): StainWorkers {
  const workers = openWorkers<StainTask, StainAnswer>(new URL('./stainWorker.ts', import.meta.url), {
    threads,
  })
  return {
    threads: workers.threads,
    async apply({ entry, fit }, batch, context) {
      const { count, height, width } = batch
      const data = shareBytes(batch.data)
      const out = roomFor(batch, context)
      const size = height * width * 3
      const run = partOf(count, workers.threads, size)
      const starts = Array.from({ length: Math.ceil(count / run) }, (_, part) => part * run)
      const answers = await Promise.all(
        starts.map((start) => {
          const end = Math.min(start + run, count)
          return workers.run({
            method: entry.name,
            options: entry.options,
            fit,
            context: {
              groups: context.groups?.slice(start, end),
              centers: context.centers?.slice(start, end),
            },
            data: data.subarray(start * size, end * size),
            out: out.subarray(start * size, end * size),
            count: end - start,
            height,
            width,
          })
        }),
      )
      return {
        pixels: pixels(out, count, height, width),
        verdicts: answers.flatMap(({ verdicts }) => verdicts),
        reasons: answers.flatMap(({ reasons }) => reasons),
      }
    },
    close: () => workers.close(),
  }
}

// Fresh memory costs a third of Macenko's work on it: a caller with shared memory to write to saves that.
function roomFor({ data }: Pixels, { out }: ApplyContext<StainFit>): Uint8Array {
  if (out?.buffer instanceof SharedArrayBuffer) return out
  return new Uint8Array(new SharedArrayBuffer(data.length))
}

// Patches of a part: of some parts a thread, so that one that is disturbed leaves work to the others; but no part so small that handing
// it over costs more than that.
const partsPerThread = 4
const leastBytes = 2 ** 20
function partOf(count: number, threads: number, size: number): number {
  const even = Math.ceil(count / threads)
  return Math.max(1, Math.ceil(even / partsPerThread), Math.min(even, Math.ceil(leastBytes / size)))
}

function shareBytes(data: Uint8Array): Uint8Array {
  if (data.buffer instanceof SharedArrayBuffer) return data
  const shared = new Uint8Array(new SharedArrayBuffer(data.length))
  shared.set(data)
  return shared
}
