// Runs of synthetic patches as one task each, so that threads can share the work: plain data in, plain data out.

import type { Field } from './noise.ts'
import {
  renderSyntheticPatch,
  type SyntheticOptions,
  type SyntheticSplit,
  type SyntheticTruth,
} from './synthetic.ts'

/** Patches `from` to `from + count` of a split. */
export interface SyntheticTask {
  readonly options: SyntheticOptions
  readonly split: SyntheticSplit
  readonly from: number
  readonly count: number
}

/** The rendered patches of a task. */
export interface SyntheticBatch {
  /** NHWC bytes. */
  readonly pixels: Uint8Array
  readonly truths: readonly Omit<SyntheticTruth, 'maps'>[]
  /** Concentration maps, one after the other; null unless `options.truth` asks for them. */
  readonly maps: { readonly hematoxylin: Field; readonly eosin: Field; readonly tumour: Field } | null
}

/** Renders a task. */
export function renderSyntheticBatch({ options, split, from, count }: SyntheticTask): SyntheticBatch {
  const area = options.size ** 2
  const pixels = new Uint8Array(count * area * 3)
  const truths: Omit<SyntheticTruth, 'maps'>[] = []
  const column = () => new Float32Array(count * area)
  const kept = options.truth === 'maps' ? { hematoxylin: column(), eosin: column(), tumour: column() } : null
  for (let i = 0; i < count; i++) {
    const patch = renderSyntheticPatch(options, split, from + i)
    const { maps, ...truth } = patch.truth
    pixels.set(patch.pixels, i * area * 3)
    truths.push(truth)
    kept?.hematoxylin.set(maps.hematoxylin, i * area)
    kept?.eosin.set(maps.eosin, i * area)
    kept?.tumour.set(maps.tumour, i * area)
  }
  return { pixels, truths, maps: kept }
}

/** What a worker thread runs. */
export const runTask = renderSyntheticBatch
