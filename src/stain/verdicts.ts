// Collecting what became of each patch of a batch.

import { type Pixels, pixelsAt } from '../base/index.ts'
import type { StainResult, Verdict } from './stainMethod.ts'

/** What became of one patch; the reason is null for `ok`. */
export interface Outcome {
  readonly verdict: Verdict
  readonly reason: string | null
}

export const ok: Outcome = { verdict: 'ok', reason: null }
export const fallBack = (reason: string): Outcome => ({ verdict: 'fallback', reason })
export const passThrough = (reason: string): Outcome => ({ verdict: 'passthrough', reason })
export const rejectPatch = (reason: string): Outcome => ({ verdict: 'rejected', reason })

/**
 * Runs `transform` on every patch of `batch`. It is given a patch's bytes and a copy to write into, and
 * says what became of it; where that is neither `ok` nor `fallback` the copy must be left as it is.
 */
export function transformPatches(
  batch: Pixels,
  transform: (data: Uint8Array, out: Uint8Array, index: number) => Outcome,
): StainResult {
  const pixels: Pixels = { ...batch, data: batch.data.slice() }
  const verdicts: Verdict[] = []
  const reasons: (string | null)[] = []
  for (let index = 0; index < batch.count; index++) {
    const outcome = transform(pixelsAt(batch, index).data, pixelsAt(pixels, index).data, index)
    verdicts.push(outcome.verdict)
    reasons.push(outcome.reason)
  }
  return { pixels, verdicts, reasons }
}

/** A batch as it is, every patch `ok`. */
export function keepPatches(batch: Pixels): StainResult {
  return transformPatches(batch, () => ok)
}
