// Patches in, embeddings out: streamed, several batches in work at once, rows handed on in order.

import { type Pixels, type Progress, silent } from '../base/index.ts'
import type { Extractor } from './extractor.ts'

/** What is embedded, by what, and where its rows go. */
export interface EmbedStream {
  readonly batches: AsyncIterable<Pixels> | Iterable<Pixels>
  readonly extractor: Extractor
  /** Receives each batch's rows (count x dimensions), in the order of the batches, one call at a time. */
  readonly append: (rows: Float32Array) => Promise<void> | void
  readonly progress?: Progress
  /** How many patches there are, for the progress. */
  readonly total?: number
  /** Batches in work at once, which bounds the memory; by default 4, or two for each process that embeds. */
  readonly inFlight?: number
}

/**
 * Embeds every batch and appends the rows in order, whatever order they are done in; gives the number of patches.
 * The first error of reading, embedding or appending ends it, once the batches in work are done.
 */
export async function embedPatches(stream: EmbedStream): Promise<number> {
  const { batches, extractor, append, progress = silent, total } = stream
  const { inFlight = Math.max(4, 2 * (extractor.processes ?? 1)) } = stream
  const working: Promise<{ rows: Float32Array; count: number }>[] = []
  let done = 0
  const finishOldest = async () => {
    const { rows, count } = await working[0]
    working.shift()
    await append(rows)
    done += count
    progress(done, total)
  }
  try {
    for await (const batch of batches) {
      const work = extractor.embed(batch).then((rows) => ({ rows, count: batch.count }))
      work.catch(() => {}) // it is awaited in its turn
      working.push(work)
      if (working.length >= inFlight) await finishOldest()
    }
    while (working.length > 0) await finishOldest()
  } finally {
    await Promise.allSettled(working)
  }
  return done
}
