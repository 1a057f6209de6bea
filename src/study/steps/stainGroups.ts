// What patches with too little tissue fall back on: fits of their own slide, else of their own center, each
// made from a bounded sample of that group's patches. No label is looked at, and which patches are sampled
// follows from their content alone, never from the order of rows or from ids.

import { join } from 'node:path'
import { DataError, type Progress, pixelsAt } from '../../base/index.ts'
import { hashBytes, writeFileAtomic } from '../../formats/index.ts'
import { type PatchSet, readBatches, readPixels } from '../../patches/index.ts'
import { readJson } from '../../runs/index.ts'
import type { ApplyContext, StainFit } from '../../stain/index.ts'
import { type Cache, type CacheEntry, type CacheInputs, keyOf } from '../cache.ts'
import type { StainEntry } from '../recipe.ts'
import type { FilteredSplit } from './filter.ts'
import { methodOf } from './fitStain.ts'

const patchesPerGroup = 32
const batchRows = 64

/** Sampled rows by group, in the order of their content's hash. */
export type GroupSample = Readonly<Record<string, readonly number[]>>

/** Fits by group; null where none of its sampled patches can be fitted. */
export type GroupFits = Readonly<Record<string, StainFit | null>>

const slideOf = ({ slides, centers }: PatchSet, row: number): string | null =>
  slides && `slide ${centers ? `${centers[row]}/` : ''}${slides[row]}`
const centerOf = ({ centers }: PatchSet, row: number): string | null => centers && `center ${centers[row]}`

/** Whether a method's entry makes use of groups. */
export function usesGroups(entry: StainEntry): boolean {
  return entry.fallback !== 'none' && methodOf(entry).fallsBack === true
}

/** Samples every slide and every center of a set: of each, the patches whose content has the smallest hashes. */
export async function sampleGroups(
  set: PatchSet,
  rows: Uint32Array,
  progress: Progress,
): Promise<GroupSample> {
  const kept = new Map<string, { readonly hash: string; readonly row: number }[]>()
  if (!set.slides && !set.centers) return {}
  let done = 0
  for await (const batch of readBatches(set, rows, batchRows)) {
    for (const [i, row] of batch.rows.entries()) {
      const hash = hashBytes(pixelsAt(batch.pixels, i).data)
      for (const group of [slideOf(set, row), centerOf(set, row)]) {
        if (group) keepSmallest(kept, group, { hash, row })
      }
    }
    done += batch.rows.length
    progress(done, rows.length)
  }
  const groups = [...kept].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(groups.map(([group, patches]) => [group, patches.map(({ row }) => row)]))
}

function keepSmallest<Patch extends { readonly hash: string }>(
  kept: Map<string, Patch[]>,
  group: string,
  patch: Patch,
): void {
  const patches = kept.get(group) ?? []
  kept.set(group, patches)
  if (patches.length === patchesPerGroup && patch.hash >= patches[patchesPerGroup - 1].hash) return
  const place = patches.findIndex(({ hash }) => patch.hash < hash)
  patches.splice(place < 0 ? patches.length : place, 0, patch)
  if (patches.length > patchesPerGroup) patches.pop()
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

/** Samples and fits in one go, without a cache; no fits where the entry makes no use of them. */
export async function fitOwnGroups(
  set: PatchSet,
  rows: Uint32Array,
  entry: StainEntry,
  progress: Progress,
): Promise<GroupFits> {
  return usesGroups(entry) ? fitGroups(set, await sampleGroups(set, rows, progress), entry) : {}
}

/** What a method may be told of these rows: the center of each, and the fit of its slide, else center. */
export function contextOf(set: PatchSet, rows: Uint32Array, fits: GroupFits): ApplyContext<StainFit> {
  const fitOf = (group: string | null) => (group === null ? null : (fits[group] ?? null))
  return {
    groups: Array.from(rows, (row) => fitOf(slideOf(set, row)) ?? fitOf(centerOf(set, row))),
    centers: Array.from(rows, (row) => set.centers?.[row] ?? null),
  }
}

/** What the sample of a split's groups is made from. */
export function sampleInputs(patches: CacheInputs): CacheInputs {
  return { stage: 'stain', version: 1, sample: patchesPerGroup, patches: keyOf(patches) }
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

/** Fits the groups of a split, or finds sample and fits in the cache. */
export async function fitSplitGroups(
  cache: Cache,
  split: FilteredSplit,
  entry: StainEntry,
  progress: Progress,
): Promise<{ readonly fits: GroupFits; readonly entry: CacheEntry }> {
  const cached = await cache.obtain(groupInputs(split.filterKey, entry), async (folder) => {
    const fits = await fitGroups(split.set, await sampleSplit(cache, split, progress), entry)
    await writeFileAtomic(join(folder, 'fits.json'), `${JSON.stringify(fits)}\n`)
  })
  return { fits: await readJson<GroupFits>(join(cached.folder, 'fits.json')), entry: cached }
}

/** The sample of a split's groups, from the cache where it is there. */
export async function sampleSplit(
  cache: Cache,
  split: FilteredSplit,
  progress: Progress,
): Promise<GroupSample> {
  const { folder } = await cache.obtain(sampleInputs(split.filterKey), async (work) => {
    const sample = await sampleGroups(split.set, split.rows, progress)
    await writeFileAtomic(join(work, 'sample.json'), `${JSON.stringify(sample)}\n`)
  })
  return readJson<GroupSample>(join(folder, 'sample.json'))
}
