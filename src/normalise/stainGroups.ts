// What patches with too little tissue fall back on: fits of their own slide, else of their own center, each
// made from a bounded sample of that group's patches. No label is looked at, and which patches are sampled
// follows from their content alone, never from the order of rows or from ids.

import { join } from 'node:path'
import { compareText, DataError } from '../base/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import { type PatchSet, readPixels } from '../patches/index.ts'
import type { StainEntry } from '../recipe/index.ts'
import { readJson, type Split } from '../runs/index.ts'
import type { ApplyContext, StainFit } from '../stain/index.ts'
import type { FilteredSplit } from '../study/steps/filter.ts'
import { type CacheInputs, keyOf } from '../tasks/index.ts'
import { type FittedStain, methodOf } from './fittedStain.ts'

/** Patches that stand for a group, at most. */
export const patchesPerGroup = 32

/** Sampled rows by group, in the order that their content gives. */
export type GroupSample = Readonly<Record<string, readonly number[]>>

/** Fits by group; null where none of its sampled patches can be fitted. */
export type GroupFits = Readonly<Record<string, StainFit | null>>

/** A stain method with the fits of the groups of each split that has some. */
export interface StudyStain extends FittedStain {
  readonly groups: Readonly<Partial<Record<Split, GroupFits>>>
}

const slideOf = ({ slides, centers }: PatchSet, row: number): string | null =>
  slides && `slide ${centers ? `${centers[row]}/` : ''}${slides[row]}`
const centerOf = ({ centers }: PatchSet, row: number): string | null => centers && `center ${centers[row]}`

/** Whether a method's entry makes use of groups. */
export function usesGroups(entry: StainEntry): boolean {
  return entry.fallback !== 'none' && methodOf(entry).fallsBack === true
}

/** Samples every slide and every center of a set: of each, the first of `ordered`, rows in their content's order. */
export function sampleGroups(set: PatchSet, ordered: Uint32Array): GroupSample {
  const sample = new Map<string, number[]>()
  for (const row of ordered) {
    for (const group of [slideOf(set, row), centerOf(set, row)]) {
      if (group === null) continue
      const rows = sample.get(group)
      if (!rows) sample.set(group, [row])
      else if (rows.length < patchesPerGroup) rows.push(row)
    }
  }
  return Object.fromEntries([...sample].sort(([a], [b]) => compareText(a, b)))
}

/** Fits the entry's method on each sampled group. */
export async function fitGroups(set: PatchSet, sample: GroupSample, entry: StainEntry): Promise<GroupFits> {
  const method = methodOf(entry)
  const fits: Record<string, StainFit | null> = {}
  for (const [group, rows] of Object.entries(sample)) {
    if (entry.fallback === 'center' && !group.startsWith('center ')) continue
    fits[group] = await method.fit(readPixels(set, rows), entry.options).catch((cause) => {
      if (cause instanceof DataError) return null // no patch of it has enough tissue
      throw cause
    })
  }
  return fits
}

/**
 * Samples and fits in one go, without a cache; no fits where the entry makes no use of them. `order` gives the rows in the
 * order of their content, where they are sampled.
 */
export async function fitOwnGroups(
  set: PatchSet,
  entry: StainEntry,
  order: () => Promise<Uint32Array>,
): Promise<GroupFits> {
  return usesGroups(entry) ? fitGroups(set, sampleGroups(set, await order()), entry) : {}
}

/** What a method may be told of these rows: the center of each, and the fit of its slide, else center. */
export function contextOf(set: PatchSet, rows: Uint32Array, fits: GroupFits): ApplyContext<StainFit> {
  const fitOf = (group: string | null) => (group === null ? null : (fits[group] ?? null))
  return {
    groups: Array.from(rows, (row) => fitOf(slideOf(set, row)) ?? fitOf(centerOf(set, row))),
    centers: Array.from(rows, (row) => set.centers?.[row] ?? null),
  }
}

/** Which patches of a split stand for its groups. */
export function sampleInputs(patches: CacheInputs): CacheInputs {
  return { stage: 'stain', version: 2, sample: patchesPerGroup, patches: keyOf(patches) }
}

/** What the fits of a split's groups are made from. */
export function groupInputs(patches: CacheInputs, entry: StainEntry): CacheInputs {
  const { name, version } = methodOf(entry)
  const { options, fallback } = entry
  return {
    stage: 'stain',
    version,
    method: name,
    options,
    fallback,
    groups: keyOf(sampleInputs(patches)),
  }
}

/** Fits the groups of a split into `folder`. */
export async function makeGroups(
  { set, ordered }: Pick<FilteredSplit, 'set' | 'ordered'>,
  entry: StainEntry,
  folder: string,
): Promise<void> {
  const fits = await fitGroups(set, sampleGroups(set, ordered), entry)
  await writeFileAtomic(join(folder, 'fits.json'), `${JSON.stringify(fits)}\n`)
}

/** Reads what `makeGroups` wrote. */
export async function readGroups(folder: string): Promise<GroupFits> {
  return readJson<GroupFits>(join(folder, 'fits.json'))
}
