// The chosen cell once more, on all labelled patches: train and val together, with what val had chosen before (epochs and
// their rates, penalty, temperature) taken as it is. One task a seed; which cell is chosen follows from the evaluations.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Progress } from '../../base/index.ts'
import type { Settled } from '../../classify/index.ts'
import { makeFolder, writeFileAtomic } from '../../files/index.ts'
import type { Recipe } from '../../recipe/index.ts'
import { readJson } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { Candidate } from '../grid.ts'
import type { OpenSplits } from '../splits.ts'
import { evaluationInputs } from './evaluateCell.ts'
import { type HeadTask, makeHead, readHead, type TrainedHead } from './trainHead.ts'

/** The refits of a study, one a seed, and the keys of the evaluations that they need. */
export interface Refits {
  readonly evaluations: readonly string[]
  readonly seeds: readonly { readonly seed: number; readonly inputs: CacheInputs }[]
}

/** What refits are made from: every evaluation, by key, and how one is chosen by them. No seeds where a recipe asks for none. */
export function listRefits(recipe: Recipe, candidates: readonly Candidate[], splits: OpenSplits): Refits {
  const { select, refit } = recipe
  if (refit === 'none') return { evaluations: [], seeds: [] }
  const evaluations = candidates.map((candidate) => keyOf(evaluationInputs(recipe, candidate, splits)))
  const labels = [splits.train.labelsKey(), splits.val.labelsKey()]
  const inputsOf = (seed: number): CacheInputs => {
    return { stage: 'classify', version: 1, refit, evaluations, select, labels, seed }
  }
  return { evaluations, seeds: recipe.seeds.map((seed) => ({ seed, inputs: inputsOf(seed) })) }
}

/** A head of the chosen candidate's member to be trained again. */
export interface RefitHead {
  /** Its place among the members. */
  readonly member: number
  readonly before: TrainedHead
  readonly task: HeadTask
}

/** Trains heads again into `folder`, one a member. */
export async function makeRefit(
  chosen: string,
  heads: readonly RefitHead[],
  folder: string,
  progress: Progress,
): Promise<void> {
  for (const { member, before, task } of heads) {
    const place = memberFolder(folder, member)
    await makeFolder(place)
    const settled = await readJson<Settled>(join(before.entry.folder, 'head', 'head.json'))
    await makeHead({ ...task, settled }, place, progress)
  }
  await writeFileAtomic(join(folder, 'refit.json'), `${JSON.stringify({ chosen })}\n`)
}

const memberFolder = (folder: string, member: number) => join(folder, `member-${member}`)

/** Reads the heads of a member from the refits of all seeds; a head that does not use its seed is in the first alone. */
export async function readRefit(
  entries: readonly CacheEntry[],
  member: number,
  splits: object,
): Promise<TrainedHead[]> {
  const places = entries
    .map((entry) => ({ ...entry, folder: memberFolder(entry.folder, member) }))
    .filter(({ folder }) => existsSync(folder))
  const heads: TrainedHead[] = []
  for (const place of places) heads.push(await readHead(place, 'test' in splits ? { test: true } : {}))
  return heads
}
