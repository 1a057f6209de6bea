// What tasks are made from: it reads what earlier tasks made, each thing once, and keeps open what several tasks use.
// The process that collects a study's results and each that works for it have one of their own.

import { join } from 'node:path'
import type { Share } from '../classify/index.ts'
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
import type { Fold } from './folds.ts'
import { gatherPredictions } from './gatherPredictions.ts'
import type { Candidate, EmbeddingPair, GridCell } from './grid.ts'
import type { OpenStudy } from './openStudy.ts'
import { type Alignments, readAlignments } from './steps/alignSplits.ts'
import { type Augmenter, openAugmenter, targetGroups } from './steps/augmentViews.ts'
import { type CandidatePredictions, type SplitTruth, truthOf } from './steps/evaluateCell.ts'
import { type Filtered, type FilteredSplit, filterInputs, readFilter } from './steps/filter.ts'
import { stainInputs } from './steps/fitStain.ts'
import { gatherHeadRows, gatherRefitRows, type HeadMaterials } from './steps/headRows.ts'
import { readHead, type TrainedHead } from './steps/trainHead.ts'

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
  /** The maps of a cell's centers; null where it takes embeddings as they are. */
  alignments(cell: GridCell): Promise<Alignments | null>
  /** What a head of a cell is trained on, stopped by, and predicts: as given, without a center, or on all that is labelled. */
  headRows(cell: GridCell, fold: Fold | null | 'refit'): Promise<HeadMaterials>
  /** What heads on the rows of this key share, until `dropRows` or rows of another key. */
  share(rows: string): Share
  /** Lets go of the rows that heads shared. */
  dropRows(): void
  truths(): Promise<Partial<Record<Split, SplitTruth>>>
  heads(cell: GridCell): Promise<TrainedHead[]>
  /** What the heads of a candidate predicted. */
  predictions(candidate: Candidate): Promise<CandidatePredictions>
  embeddings(pair: EmbeddingPair, split: Split): Promise<CacheEntry>
  close(): Promise<void>
}

/** Opens the materials of a study; nothing is read yet. */
export function openMaterials(study: OpenStudy, cache: Cache): Materials {
  const { recipe, splits, grid, engines, device } = study
  const once = openMemory()
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
  let shared: { readonly rows: string; readonly share: Share } | null = null // may fill most of the memory
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
    async alignments({ aligned, adapt }) {
      if (aligned === null) return null
      return once(`align ${keyOf(aligned)}`, async () =>
        readAlignments(await cache.find(aligned), splits, adapt.options.align),
      )
    },
    async headRows(cell, fold) {
      const files: Partial<Record<Split, string>> = {}
      for (const split of Object.keys(splits) as Split[])
        files[split] = join((await materials.embeddings(cell.pair, split)).folder, 'embeddings.npy')
      const filtered = await materials.allFiltered()
      const sources = { filtered, files, alignments: await materials.alignments(cell) }
      return fold === 'refit' ? gatherRefitRows(cell, sources) : gatherHeadRows(cell, fold, sources)
    },
    share(rows) {
      if (shared?.rows !== rows) shared = { rows, share: openMemory() }
      return shared.share
    },
    dropRows() {
      shared = null
    },
    async truths() {
      const all = Object.values(await materials.allFiltered())
      return Object.fromEntries(all.map((split) => [split.split, truthOf(split)]))
    },
    async heads(cell) {
      return Promise.all(cell.heads.map(async ({ inputs }) => readHead(await cache.find(inputs), splits)))
    },
    predictions: (candidate) => gatherPredictions(materials, candidate),
    async close() {
      await open?.extractor.close()
      open = null
    },
  }
  return materials
}

// Makes each thing once, by its name.
function openMemory(): Share {
  const made = new Map<string, Promise<unknown>>()
  return <T>(name: string, make: () => Promise<T>) => {
    const known = (made.get(name) as Promise<T> | undefined) ?? make()
    made.set(name, known)
    known.catch(() => made.delete(name)) // what it is made from may come later
    return known
  }
}
