// Reads rows of a set and normalises them, batch by batch: the one way patches meet a stain method.

import { type PatchBatch, type PatchSet, readBatches } from '../patches/index.ts'
import type { StainResult } from '../stain/index.ts'
import type { FittedStain } from './fittedStain.ts'
import type { StainedPixels } from './stainedPixels.ts'
import { contextOf, type GroupFits } from './stainGroups.ts'
import type { StainWorkers } from './stainWorkers.ts'

const batchRows = 64

/** Patches as read, and what the method made of them. */
export interface StainedBatch extends PatchBatch {
  readonly result: StainResult
}

/** What may do the work, or has done it. */
export interface StainHelp {
  readonly workers?: StainWorkers
  /** The same patches as they were normalised before. */
  readonly stained?: StainedPixels
}

/** Yields the patches of `rows` in that order, normalised; `groups` are the fits that they may fall back on. */
export async function* stainBatches(
  set: PatchSet,
  rows: Uint32Array,
  stain: FittedStain,
  groups: GroupFits,
  { workers, stained }: StainHelp = {},
): AsyncGenerator<StainedBatch> {
  const isTrained = stain.method.train !== undefined
  for await (const batch of readBatches(set, rows, batchRows)) {
    const result = stained
      ? await stained.read(batch.rows)
      : workers && !isTrained
        ? await workers.apply(stain, batch.pixels, contextOf(set, batch.rows, groups))
        : await stainBatch(set, batch, stain, groups)
    yield { ...batch, result }
  }
}

/** Normalises one batch of a set. */
export async function stainBatch(
  set: PatchSet,
  { rows, pixels }: PatchBatch,
  { entry, method, fit, provider, threads }: FittedStain,
  groups: GroupFits,
): Promise<StainResult> {
  return method.apply(pixels, fit, entry.options, { ...contextOf(set, rows, groups), provider, threads })
}
