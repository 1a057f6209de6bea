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
 * Runs `transform` on every patch of `batch`. It is given a patch's bytes and room to write all of them to, and says what became
 * of it; where that is neither `ok` nor `fallback` the patch stays as it is. Results go to `out`, or to new memory.
 */
export function transformPatches(
  batch: Pixels,
  transform: (data: Uint8Array, out: Uint8Array, index: number) => Outcome,
  out: Uint8Array = new Uint8Array(batch.data.length),
): StainResult {
  const pixels: Pixels = { ...batch, data: out }
  const verdicts: Verdict[] = []
  const reasons: (string | null)[] = []
  for (let index = 0; index < batch.count; index++) {
    const [{ data }, { data: place }] = [pixelsAt(batch, index), pixelsAt(pixels, index)]
    const outcome = transform(data, place, index)
    if (outcome.verdict !== 'ok' && outcome.verdict !== 'fallback') place.set(data)
    verdicts.push(outcome.verdict)
    reasons.push(outcome.reason)
  }
  return { pixels, verdicts, reasons }
}

/** A batch as it is, every patch `ok`. */
export function keepPatches(batch: Pixels, room?: Uint8Array): StainResult {
  return transformPatches(
    batch,
    (data, out) => {
      out.set(data)
      return ok
    },
    room,
  )
}
