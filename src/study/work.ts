// The work of each kind of task: what it takes to fill an entry of the cache, given by name in the recipe, so that any
// process that has opened the same study can do it.

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Progress } from '../base/index.ts'
import { type GroupFits, makeGroups, makePixels, type StainedPixels } from '../normalise/index.ts'
import { allRows } from '../patches/index.ts'
import type { StainEntry } from '../recipe/index.ts'
import type { Split } from '../runs/index.ts'
import { type CacheEntry, keyOf, recordEntry } from '../tasks/index.ts'
import type { EmbeddingPair } from './grid.ts'
import type { Materials } from './materials.ts'
import { candidateOf, cellOf } from './openStudy.ts'
import { type PredictedCandidate, selectCandidate } from './selectCandidate.ts'
import { writeAgreement } from './steps/agreement.ts'
import { makeAlignments } from './steps/alignSplits.ts'
import { oneView, targetGroups } from './steps/augmentViews.ts'
import { makeComparison } from './steps/compareSplits.ts'
import { embedRows } from './steps/embedSplit.ts'
import { makeEvaluation } from './steps/evaluateCell.ts'
import { makeFilter } from './steps/filter.ts'
import { makeFit } from './steps/fitStain.ts'
import { gatherShares } from './steps/gatherShares.ts'
import { effectSplits, makeEffect, makeSignature } from './steps/judgeStain.ts'
import { makeShares } from './steps/measureShares.ts'
import { makeRefit, type RefitHead } from './steps/refit.ts'
import { teacherOf } from './steps/stainTraining.ts'
import { makeHead, nameHeadRows } from './steps/trainHead.ts'
import type { Subjects, Task, TaskKind, TaskOf } from './task.ts'

/** Kinds of tasks that are done once a study is open; hashing is what opening it takes. */
export type WorkKind = Exclude<TaskKind, 'hash'>

type Work<Kind extends WorkKind> = (
  materials: Materials,
  of: Subjects[Kind],
  folder: string,
  progress: Progress,
) => Promise<void>

const works: { readonly [Kind in WorkKind]: Work<Kind> } = {
  compare({ study: { splits } }, { first, second }, folder, progress) {
    return makeComparison(splits[first]!, splits[second]!, folder, progress)
  },

  filter({ study: { recipe, splits } }, { split }, folder, progress) {
    return makeFilter(splits[split]!, recipe.quality!, folder, progress)
  },

  async fit(materials, { stain, isTeacher }, folder, progress) {
    const { recipe, device } = materials.study
    const own = stainOf(materials, stain)
    const teacher = teacherOf(own)
    const taught = teacher && !isTeacher ? (await materials.fitted(teacher)).fit : null
    await makeFit(recipe, await materials.allFiltered(), isTeacher ? teacher! : own, folder, {
      device: { provider: device as 'cpu', threads: materials.threads },
      progress,
      taught,
    })
  },

  async groups(materials, { split, stain, augment }, folder) {
    const { recipe } = materials.study
    const entry = stain
      ? stainOf(materials, stain)
      : targetGroups(recipe.augment.find(({ label }) => label === augment)!)!
    await makeGroups(await materials.filtered(split), entry, folder)
  },

  async pixels(materials, { split, stain }, folder, progress) {
    const entry = stainOf(materials, stain)
    const { set } = materials.study.splits[split]!
    const groups = await materials.groups(entry, split)
    await makePixels(set, await materials.fitted(entry), groups, folder, progress)
  },

  async embed(materials, of, folder, progress) {
    const { split } = of
    const { recipe, splits } = materials.study
    const { set, order } = splits[split]!
    const entry = stainOf(materials, of.stain)
    const augment = recipe.augment.find(({ label }) => label === of.augment)!
    const task = {
      set,
      rows: allRows(set),
      stain: await materials.fitted(entry),
      groups: await materials.groups(entry, split),
      stained: await materials.stained(entry, split),
      augmenter: split === 'train' ? await materials.augmenter(augment) : oneView,
      extractor: await materials.extractor(of.embed),
      folder,
      progress,
    }
    await writeAgreement(task, () => order)
    await embedRows(task)
  },

  async align(materials, of, folder) {
    const pair = pairOf(materials, of)
    const filtered = await materials.allFiltered()
    const files: Partial<Record<Split, string>> = {}
    for (const split of Object.keys(filtered) as Split[]) files[split] = await fileOf(materials, pair, split)
    await makeAlignments(filtered, files, of.align, folder, materials.threads)
  },

  async head(materials, { cell: id, seed, held }, folder, progress) {
    const { device } = materials.study
    const cell = cellOf(materials.study, id)
    const own = cell.folds.find(({ fold }) => fold.held === held)
    const { fold, heads } = own ?? { fold: null, heads: cell.heads }
    const { inputs } = heads.find((head) => head.seed === seed)!
    const task = {
      entry: cell.classify,
      adapt: cell.adapt,
      seed,
      key: keyOf(inputs),
      device,
      threads: materials.threads,
      share: materials.share(nameHeadRows(inputs)),
      ...(await materials.headRows(cell, fold)),
    }
    await makeHead(task, folder, progress)
  },

  async evaluation(materials, { cell: id }, folder) {
    const { study } = materials
    const predictions = await materials.predictions(candidateOf(study, id))
    await makeEvaluation(study.recipe, predictions, folder)
  },

  async shares(materials, { cell: id }, folder) {
    await makeShares(await gatherShares(materials, cellOf(materials.study, id)), folder)
  },

  async refit(materials, { seed }, folder, progress) {
    const { study } = materials
    const { recipe, grid, device } = study
    const predicted: PredictedCandidate[] = []
    for (const candidate of grid.candidates)
      predicted.push({ candidate, predictions: await materials.predictions(candidate) })
    const { chosen } = selectCandidate(recipe, predicted)
    const { candidate, predictions } = predicted.find(({ candidate: { id } }) => id === chosen)!
    const heads: RefitHead[] = []
    for (const [member, cell] of candidate.members.entries()) {
      const at = cell.heads.findIndex((head) => head.seed === seed)
      if (at < 0) continue // it does not use its seed: the first stands for all
      const task = {
        entry: cell.classify,
        adapt: cell.adapt,
        seed,
        key: `refit ${keyOf(cell.heads[at].inputs)}`,
        device,
        threads: materials.threads,
        ...(await materials.headRows(cell, 'refit')),
      }
      heads.push({ member, before: predictions.heads[member][at], task })
    }
    await makeRefit(chosen, heads, folder, progress)
  },

  async effect(materials, { stain }, folder) {
    const entry = stainOf(materials, stain)
    const splits = effectSplits(await materials.allFiltered())
    const groups: Partial<Record<Split, GroupFits>> = {}
    const stained: Partial<Record<Split, StainedPixels>> = {}
    for (const { split } of splits) {
      groups[split] = await materials.groups(entry, split)
      stained[split] = await materials.stained(entry, split)
    }
    await makeEffect(splits, { stain: await materials.fitted(entry), groups, stained }, folder)
  },

  async signature(materials, of, folder) {
    const pair = pairOf(materials, of)
    const [train, val] = [await fileOf(materials, pair, 'train'), await fileOf(materials, pair, 'val')]
    const { seed } = materials.study.recipe
    await makeSignature(seed, { train, val }, await materials.allFiltered(), folder)
  },
}

/**
 * Does a task, or finds what it makes in the cache; what an earlier process began is gone on with. Throws what the work
 * throws, and DataError where something it needs is not there.
 */
export async function doTask(materials: Materials, task: Task, progress: Progress): Promise<CacheEntry> {
  if (task.kind === 'hash') return materials.cache.find(task.inputs)
  const { cache, threads = availableParallelism() } = materials
  if (task.kind !== 'head') materials.dropRows()
  const notes = { items: task.items, threads }
  const entry = await cache.obtain(task.inputs, (folder) => work(materials, task, folder, progress), notes)
  await recordEntry(task.cost, entry, threads)
  return entry
}

// One call for all kinds: which work belongs to which subject, the table's type has seen to.
function work<Kind extends WorkKind>(
  materials: Materials,
  { kind, of }: TaskOf<Kind>,
  folder: string,
  progress: Progress,
): Promise<void> {
  return works[kind](materials, of, folder, progress)
}

function stainOf({ study }: Materials, label: string): StainEntry {
  return study.recipe.stain.find((entry) => entry.label === label)!
}

function pairOf(
  { study }: Materials,
  { stain, augment, embed }: Subjects['signature' | 'align'],
): EmbeddingPair {
  return study.grid.pairs.find(
    (pair) => pair.stain.label === stain && pair.augment.label === augment && pair.embed.label === embed,
  )!
}

async function fileOf(materials: Materials, pair: EmbeddingPair, split: Split): Promise<string> {
  return join((await materials.embeddings(pair, split)).folder, 'embeddings.npy')
}
