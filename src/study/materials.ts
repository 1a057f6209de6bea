// What tasks are made from: it reads what earlier tasks made, each thing once, and keeps open what several tasks use.
// The process that collects a study's results and each that works for it have one of their own.

import { join } from 'node:path'
import { type Extractor, openExtractor } from '../embed/index.ts'
import {
  type Device,
  type FittedStain,
  type GroupFits,
  groupInputs,
  methodOf,
  openPixels,
  readFit,
  readGroups,
  type StainedPixels,
  type StudyStain,
  usesGroups,
} from '../normalise/index.ts'
import type { AugmentEntry, StainEntry } from '../recipe/index.ts'
import type { Split } from '../runs/index.ts'
import type { StainFit } from '../stain/index.ts'
import { type Cache, type CacheEntry, keyOf } from '../tasks/index.ts'
import { keptPixels } from './entries.ts'
import { type EmbeddingPair, type GridCell, viewsOf } from './grid.ts'
import type { OpenStudy } from './openStudy.ts'
import { type Augmenter, openAugmenter, repeatLabels, targetGroups } from './steps/augmentViews.ts'
import { type SplitTruth, truthOf } from './steps/evaluateCell.ts'
import { type Filtered, type FilteredSplit, filterInputs, readFilter } from './steps/filter.ts'
import { stainInputs } from './steps/fitStain.ts'
import { readHead, type SplitRows, type TrainedHead } from './steps/trainHead.ts'

/** What tasks are made from. What is read throws DataError where the task that makes it has not run. */
export interface Materials {
  readonly study: OpenStudy
  readonly cache: Cache
  /** Threads for what runs next. */
  threads: number | undefined
  filtered(split: Split): Promise<FilteredSplit>
  allFiltered(): Promise<Filtered>
  /** A stain of the recipe, or the one that it is distilled from. */
  fitted(entry: StainEntry): Promise<FittedStain>
  groups(entry: StainEntry, split: Split): Promise<GroupFits>
  /** A stain with the groups of all splits. */
  stain(entry: StainEntry): Promise<StudyStain>
  /** The patches of a split as they were normalised before; undefined where they were not. */
  stained(entry: StainEntry, split: Split): Promise<StainedPixels | undefined>
  augmenter(entry: AugmentEntry): Promise<Augmenter>
  /** One extractor is open at a time. */
  extractor(label: string): Promise<Extractor>
  /** What a head of a pair is given, of each split. */
  rows(pair: EmbeddingPair): Promise<Partial<Record<Split, SplitRows>>>
  labels(pair: EmbeddingPair): Promise<{ readonly train: Uint8Array; readonly val: Uint8Array }>
  truths(): Promise<Partial<Record<Split, SplitTruth>>>
  heads(cell: GridCell): Promise<TrainedHead[]>
  embeddings(pair: EmbeddingPair, split: Split): Promise<CacheEntry>
  close(): Promise<void>
}

/** Opens the materials of a study; nothing is read yet. */
export function openMaterials(study: OpenStudy, cache: Cache): Materials {
  const { recipe, splits, grid, engines, device } = study
  const remembered = new Map<string, Promise<unknown>>()
  const once = <T>(name: string, read: () => Promise<T>): Promise<T> => {
    const known = (remembered.get(name) as Promise<T> | undefined) ?? read()
    remembered.set(name, known)
    known.catch(() => remembered.delete(name)) // the task that makes it may run later
    return known
  }
  const provider = device as Device['provider']
  let learned: { readonly key: string; readonly fit: Promise<StainFit> } | null = null // networks are large
  const readFitOf = (entry: StainEntry): Promise<StainFit> => {
    const inputs = stainInputs(recipe, splits, entry, engines)
    const key = keyOf(inputs)
    const read = async () => readFit((await cache.find(inputs)).folder)
    if (!methodOf(entry).train) return once(`fit ${key}`, read)
    if (learned?.key !== key) {
      const fit = read()
      fit.catch(() => (learned = null))
      learned = { key, fit }
    }
    return learned.fit
  }
  let open: { readonly label: string; readonly threads?: number; readonly extractor: Extractor } | null = null
  const materials: Materials = {
    study,
    cache,
    threads: study.threads,
    filtered: (split) => once(`filter ${split}`, () => readFilter(cache, recipe, splits[split]!)),
    async allFiltered() {
      const filtered: Partial<Record<Split, FilteredSplit>> = {}
      for (const split of Object.keys(splits) as Split[]) filtered[split] = await materials.filtered(split)
      return filtered as Filtered
    },
    async fitted(entry) {
      const fit = await readFitOf(entry)
      return { entry, method: methodOf(entry), fit, provider, threads: materials.threads }
    },
    groups(entry, split) {
      if (!usesGroups(entry)) return Promise.resolve({})
      const inputs = groupInputs(filterInputs(recipe, splits[split]!), entry)
      return once(`groups ${keyOf(inputs)}`, async () => readGroups((await cache.find(inputs)).folder))
    },
    async stain(entry) {
      const groups: Partial<Record<Split, GroupFits>> = {}
      if (usesGroups(entry)) {
        for (const split of Object.keys(splits) as Split[])
          groups[split] = await materials.groups(entry, split)
      }
      return { ...(await materials.fitted(entry)), groups }
    },
    async stained(entry, split) {
      const open = splits[split]!
      const inputs = keptPixels(recipe, open, grid, entry)
      if (inputs === null || !cache.has(inputs)) return undefined
      return openPixels((await cache.find(inputs)).folder, open.set)
    },
    async augmenter(entry) {
      const targets = targetGroups(entry)
      const fits = targets ? await materials.groups(targets, 'train') : {}
      return openAugmenter(recipe.seed, splits.train.set, entry, fits)
    },
    async extractor(label) {
      const { threads } = materials
      if (open && (open.label !== label || open.threads !== threads)) {
        await open.extractor.close()
        open = null
      }
      const { name, options } = recipe.embed.find((entry) => entry.label === label)!
      open ??= { label, threads, extractor: await openExtractor({ name, ...options }, { device, threads }) }
      return open.extractor
    },
    embeddings: (pair, split) => cache.find(pair.inputs[split]!),
    async rows(pair) {
      const rows: Partial<Record<Split, SplitRows>> = {}
      for (const split of Object.values(await materials.allFiltered())) {
        const { folder } = await materials.embeddings(pair, split.split)
        const places = repeatRows(split, viewsOf(pair, split.split))
        rows[split.split] = { file: join(folder, 'embeddings.npy'), places }
      }
      return rows
    },
    async labels(pair) {
      const { train, val } = await materials.allFiltered()
      const views = viewsOf(pair, 'train')
      return { train: repeatLabels(truthOf(train).labels!, views), val: truthOf(val).labels! }
    },
    async truths() {
      const all = Object.values(await materials.allFiltered())
      return Object.fromEntries(all.map((split) => [split.split, truthOf(split)]))
    },
    async heads(cell) {
      return Promise.all(cell.heads.map(async ({ inputs }) => readHead(await cache.find(inputs), splits)))
    },
    async close() {
      await open?.extractor.close()
      open = null
    },
  }
  return materials
}

// The places of a split's kept rows among its embeddings, which hold all patches, view by view.
function repeatRows({ set, rows }: FilteredSplit, views: number): Uint32Array {
  const places = new Uint32Array(rows.length * views)
  for (let view = 0; view < views; view++) {
    for (let i = 0; i < rows.length; i++) places[view * rows.length + i] = view * set.count + rows[i]
  }
  return places
}
