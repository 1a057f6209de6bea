// The views of training patches: view 0 is the patch as it is, the others are drawn from the study's seed,
// the view and the patch's own bytes, so that neither the order of rows nor ids decide on anything.

import { DataError, openRandom, type Pixels, pixelsAt } from '../../base/index.ts'
import { hashBytes } from '../../files/index.ts'
import type { StainedBatch } from '../../normalise/index.ts'
import { type GroupFits, groupInputs } from '../../normalise/index.ts'
import { type PatchSet, turnPatches } from '../../patches/index.ts'
import type { AugmentEntry, StainEntry } from '../../recipe/index.ts'
import {
  type JitterOptions,
  macenkoDefaults,
  type StainProfile,
  stainAugmentations,
} from '../../stain/index.ts'
import { type CacheInputs, keyOf } from '../../tasks/index.ts'

/** Makes views of a batch. */
export interface Augmenter {
  readonly views: number
  /** View `view` of normalised patches. */
  makeView(batch: StainedBatch, view: number): Pixels
}

/** What becomes of patches that are not augmented. */
export const oneView: Augmenter = { views: 1, makeView: ({ result }) => result.pixels }

// Centers are restained towards by Macenko's own way, whatever normalises the patches.
const targetEntry: StainEntry = {
  label: 'macenko',
  name: 'macenko',
  options: { ...macenkoDefaults },
  reference: 'published',
  fallback: 'center',
}

/** The entry whose fits of centers are the ones that patches are restained towards; null where they are not. */
export function targetGroups({ views, stain }: AugmentEntry): StainEntry | null {
  return views > 1 && stain.name === 'restain' ? targetEntry : null
}

/** What the views of a split depend on beside its patches and their stain; null where there is one view. */
export function augmentInputs(entry: AugmentEntry, seed: number, patches: CacheInputs): object | null {
  const { label: _, ...options } = entry
  if (entry.views === 1) return null
  const targets = targetGroups(entry)
  return { version: 1, ...options, seed, targets: targets !== null && keyOf(groupInputs(patches, targets)) }
}

/**
 * Opens the augmenter of the training patches `set`. `fits` are those of its groups that patches are restained towards,
 * where they are: those of centers.
 */
export function openAugmenter(
  seed: number,
  set: PatchSet,
  entry: AugmentEntry,
  fits: GroupFits = {},
): Augmenter {
  if (entry.views === 1) return oneView
  return makeViews(seed, set, entry, entry.stain.name === 'restain' ? findTargets(set, fits) : [])
}

interface CenterFit {
  readonly center: string
  readonly fit: StainProfile
}

/** The augmenter of a set's patches, which are restained towards `targets` where the entry says so. */
export function makeViews(
  seed: number,
  { centers: known }: Pick<PatchSet, 'centers'>,
  entry: AugmentEntry,
  targets: readonly CenterFit[],
): Augmenter {
  const { name, options } = entry.stain
  return {
    views: entry.views,
    makeView(batch, view) {
      if (view === 0) return batch.result.pixels
      const hashes = Array.from(batch.rows, (_, i) => hashBytes(pixelsAt(batch.pixels, i).data))
      const drawFor = (use: string) => (index: number) => openRandom(seed, use, view, hashes[index])
      const turned = turnPatches(batch.result.pixels, drawFor('turn'), entry)
      if (name === 'none') return turned
      const draw = drawFor('augment stain')
      if (name !== 'restain')
        return stainAugmentations[name](turned, draw, options as unknown as JitterOptions)
      const centers = Array.from(batch.rows, (row) => known![row])
      const targetsOf = (index: number) =>
        targets.flatMap(({ center, fit }) => (center === centers[index] ? [] : [fit]))
      return stainAugmentations.restain(turned, draw, { targetsOf })
    },
  }
}

function findTargets(set: PatchSet, fits: GroupFits): CenterFit[] {
  const centers = [...new Set(set.centers)].sort()
  const targets = centers.flatMap((center) => {
    const fit = fits[`center ${center}`] as StainProfile | null
    return fit ? [{ center, fit }] : []
  })
  if (targets.length < 2) {
    throw new DataError({
      where: 'augment restain',
      expected: 'two training centers with tissue, to restain one like the other',
      got: targets.map(({ center }) => center).join(', ') || 'none',
      hint: 'use concentration or hed instead',
    })
  }
  return targets
}

/** The labels of all rows of a split's embeddings, view by view. */
export function repeatLabels(labels: Uint8Array, views: number): Uint8Array {
  const repeated = new Uint8Array(labels.length * views)
  for (let view = 0; view < views; view++) repeated.set(labels, view * labels.length)
  return repeated
}
