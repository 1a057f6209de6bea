// Reads rows of a set and normalises them, batch by batch: the one way patches meet a stain method.

import { type PatchBatch, type PatchSet, readBatches } from '../../patches/index.ts'
import type { StainResult } from '../../stain/index.ts'
import type { ReadyStain } from './fittedStain.ts'
import { contextOf, type GroupFits } from './stainGroups.ts'
import type { StainWorkers } from './stainWorkers.ts'

const batchRows = 64

/** Patches as read, and what the method made of them. */
export interface StainedBatch extends PatchBatch {
  readonly result: StainResult
}

/**
 * Yields the patches of `rows` in that order, normalised, by `workers` where there are some; `groups` are the fits that they
 * may fall back on.
 */
export async function* stainBatches(
  set: PatchSet,
  rows: Uint32Array,
  stain: ReadyStain,
  groups: GroupFits,
  workers?: StainWorkers,
): AsyncGenerator<StainedBatch> {
  const isTrained = stain.method.train !== undefined
  for await (const batch of readBatches(set, rows, batchRows)) {
    const result =
      workers && !isTrained
        ? await workers.apply(stain, batch.pixels, contextOf(set, batch.rows, groups))
        : await stainBatch(set, batch, stain, groups)
    yield { ...batch, result }
  }
}

/** Normalises one batch of a set. */
export async function stainBatch(
  set: PatchSet,
  { rows, pixels }: PatchBatch,
  { entry, method, fit, provider, threads }: ReadyStain,
  groups: GroupFits,
): Promise<StainResult> {
  return method.apply(pixels, fit, entry.options, { ...contextOf(set, rows, groups), provider, threads })
}
