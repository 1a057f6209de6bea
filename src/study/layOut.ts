// A study as one list of tasks, in the order they run: everything that it makes in the cache. Keys follow from inputs
// alone, so the list can be told before anything has run. docs/decisions/0012-tasks.md says what it is for.

import type { Engines } from '../engine/index.ts'
import { groupInputs, methodOf, usesGroups } from '../normalise/index.ts'
import { isTransductive, type Recipe, type StainEntry } from '../recipe/index.ts'
import { type CacheInputs, keyOf } from '../tasks/index.ts'
import * as cost from './costClass.ts'
import { effectTask, firstPairs, keepFirst, keptPixels } from './entries.ts'
import { type Grid, nameEmbeddings, usesDevice, viewsOf } from './grid.ts'
import { layOutHeads } from './layOutHeads.ts'
import { filterNeeds, type Sizes } from './layOutNeeds.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { targetGroups } from './steps/augmentViews.ts'
import { compareInputs, listComparisons, nameComparison } from './steps/compareSplits.ts'
import { filterInputs } from './steps/filter.ts'
import { stainInputs } from './steps/fitStain.ts'
import { effectSplits, hasSignature, signatureInputs } from './steps/judgeStain.ts'
import { teacherOf } from './steps/stainTraining.ts'
import type { Subjects, Task, TaskOf } from './task.ts'

/**
 * Every task of a study of `recipe`, each once, none before one that it needs. `grid` is its grid. Throws DataError where the checkpoint of a stain cannot be read.
 */
export function layOut(recipe: Recipe, splits: OpenSplits, grid: Grid, sizes: Sizes): Task[] {
  const { engines } = sizes
  const tasks: Task[] = [
    ...layOutSplits(recipe, splits),
    ...recipe.stain.flatMap((stain) => layOutStain(recipe, splits, grid, stain, engines)),
    ...layOutTargets(recipe, splits),
    ...layOutPixels(recipe, splits, grid, sizes),
    ...layOutEmbeddings(recipe, splits, grid, sizes),
    ...layOutHeads(recipe, splits, grid, sizes),
    ...recipe.stain.flatMap((stain) => layOutEffect(recipe, splits, grid, stain)),
    ...layOutSignatures(recipe, splits, grid, sizes),
  ]
  const wanted = new Set(tasks.filter(({ isMeans }) => !isMeans).map(({ inputs }) => keyOf(inputs)))
  return keepFirst(tasks, ({ inputs }) => keyOf(inputs)).map(({ isMeans, ...task }) =>
    isMeans && !wanted.has(keyOf(task.inputs)) ? { ...task, isMeans } : task,
  )
}

function layOutSplits(recipe: Recipe, splits: OpenSplits): Task[] {
  const all = Object.values(splits)
  const facts = ({ split, set }: OpenSplit) => ({ what: split, of: { split }, items: set.count })
  const hashes = all.map((split): Task => {
    const { inputs } = split.hashed
    return { kind: 'hash', ...facts(split), inputs, needs: [], cost: cost.hashCost(split.set) }
  })
  const comparisons = listComparisons(recipe, splits).map(([first, second]): Task => {
    const of = { first: first.split, second: second.split }
    const needs = new Set([first, second].map(({ hashed }) => hashed.key))
    return {
      kind: 'compare',
      what: nameComparison(of.first, of.second),
      of,
      inputs: compareInputs(first, second),
      needs: [...needs],
      items: second.set.count,
      cost: cost.compareCost(first.set, second.set),
    }
  })
  const filters = all.map((split): Task => {
    const inputs = filterInputs(recipe, split)
    return { kind: 'filter', ...facts(split), inputs, needs: [], cost: cost.filterCost(split.set) }
  })
  return [...hashes, ...comparisons, ...(recipe.quality === null ? [] : filters)]
}

function layOutStain(
  recipe: Recipe,
  splits: OpenSplits,
  { fits }: Grid,
  stain: StainEntry,
  engines: Engines,
): Task[] {
  const all = Object.values(splits)
  const teacher = teacherOf(stain)
  const layOutFit = (entry: StainEntry, inputs: CacheInputs, needs: readonly string[]): TaskOf<'fit'> => ({
    kind: 'fit',
    what: stain.label,
    of: { stain: stain.label },
    inputs,
    needs: [...filterNeeds(recipe, all), ...needs],
    items: countReference(stain),
    cost: cost.fitCost(entry, splits, engines),
    ...(methodOf(stain).train && { usesDevice: true }),
    ...markTransductive(stain),
  })
  const taught: Task | null = teacher && {
    ...layOutFit(teacher, stainInputs(recipe, splits, teacher, engines), []),
    what: `${stain.label} teacher`,
    of: { stain: stain.label, isTeacher: true },
    isMeans: true,
  }
  const groups = usesGroups(stain)
    ? all.map((split) => layOutGroups(recipe, split, stain, { stain: stain.label }))
    : []
  return [
    ...(taught ? [taught] : []),
    layOutFit(stain, fits.get(stain)!, taught ? [keyOf(taught.inputs)] : []),
    ...groups,
  ]
}

function countReference({ reference }: StainEntry): number {
  return reference === 'published' ? 0 : (reference.ids?.length ?? reference.count ?? 0)
}

function layOutGroups(
  recipe: Recipe,
  split: OpenSplit,
  stain: StainEntry,
  name: Omit<Subjects['groups'], 'split'>,
): Task {
  return {
    kind: 'groups',
    what: `${name.stain ?? name.augment} groups of ${split.split}`,
    of: { split: split.split, ...name },
    inputs: groupInputs(filterInputs(recipe, split), stain),
    needs: filterNeeds(recipe, [split]),
    items: split.set.count,
    cost: cost.groupsCost(stain, split.set),
    ...markTransductive(stain),
  }
}

// Centers that training patches are restained towards.
function layOutTargets(recipe: Recipe, splits: OpenSplits): Task[] {
  return recipe.augment.flatMap((augment) => {
    const targets = targetGroups(augment)
    return targets ? [layOutGroups(recipe, splits.train, targets, { augment: augment.label })] : []
  })
}

// The keys that normalising patches of a split needs.
function stainNeeds(recipe: Recipe, split: OpenSplit, { fits }: Grid, stain: StainEntry): string[] {
  const groups = usesGroups(stain) ? [keyOf(groupInputs(filterInputs(recipe, split), stain))] : []
  return [keyOf(fits.get(stain)!), ...groups]
}

function layOutPixels(recipe: Recipe, splits: OpenSplits, grid: Grid, { engines }: Sizes): Task[] {
  return recipe.stain.flatMap((stain) =>
    Object.values(splits).flatMap((split): Task[] => {
      const inputs = keptPixels(recipe, split, grid, stain)
      if (inputs === null) return []
      return [
        {
          kind: 'pixels',
          what: `${stain.label} ${split.split}`,
          of: { split: split.split, stain: stain.label },
          inputs,
          needs: stainNeeds(recipe, split, grid, stain),
          items: split.set.count,
          cost: cost.pixelsCost(stain, split.set, engines),
          ...(methodOf(stain).train && { usesDevice: true }),
          isMeans: true,
          ...markTransductive(stain),
        },
      ]
    }),
  )
}

function layOutEmbeddings(
  recipe: Recipe,
  splits: OpenSplits,
  grid: Grid,
  { engines, dimensionsOf }: Sizes,
): Task[] {
  return grid.pairs.flatMap((pair) =>
    Object.values(splits).map((split): Task => {
      const { stain, augment, embed } = pair
      const targets = split.split === 'train' ? targetGroups(augment) : null
      const pixels = keptPixels(recipe, split, grid, stain)
      return {
        kind: 'embed',
        what: `${nameEmbeddings(pair, split.split)} ${split.split}`,
        of: { split: split.split, stain: stain.label, augment: augment.label, embed: embed.label },
        inputs: pair.inputs[split.split]!,
        needs: [
          ...stainNeeds(recipe, split, grid, stain),
          ...(targets ? [keyOf(groupInputs(filterInputs(recipe, split), targets))] : []),
          ...(pixels ? [keyOf(pixels)] : []),
        ],
        items: split.set.count * viewsOf(pair, split.split),
        cost: cost.embedCost(
          pair,
          split.set,
          { views: viewsOf(pair, split.split), isStained: pixels !== null },
          dimensionsOf(embed),
          engines,
        ),
        ...((usesDevice(embed) || methodOf(stain).train) && { usesDevice: true }),
        ...markTransductive(stain),
      }
    }),
  )
}

function layOutEffect(recipe: Recipe, splits: OpenSplits, grid: Grid, stain: StainEntry): Task[] {
  const shown = effectSplits(splits)
  if (shown.length === 0) return []
  const inputs = effectTask(recipe, shown, grid, stain)
  const pixels = shown.flatMap((split) => keptPixels(recipe, split, grid, stain) ?? [])
  return [
    {
      kind: 'effect',
      what: `${stain.label} on structure and colour`,
      of: { stain: stain.label },
      inputs,
      needs: [
        ...filterNeeds(recipe, shown),
        ...new Set(shown.flatMap((split) => stainNeeds(recipe, split, grid, stain))),
      ],
      after: pixels.map(keyOf),
      items: shown.reduce((sum, { set }) => sum + set.count, 0),
      cost: cost.effectCost(
        stain,
        shown.map(({ set }) => set),
      ),
      ...(methodOf(stain).train && { usesDevice: true }),
      ...markTransductive(stain),
    },
  ]
}

function layOutSignatures(recipe: Recipe, splits: OpenSplits, grid: Grid, { dimensionsOf }: Sizes): Task[] {
  const sets = [splits.train.set, splits.val.set]
  return firstPairs(grid)
    .filter((pair) => hasSignature(pair, splits))
    .map((pair) => ({
      kind: 'signature',
      what: `${pair.stain.label}/${pair.embed.label} of centers`,
      of: { stain: pair.stain.label, augment: pair.augment.label, embed: pair.embed.label },
      inputs: signatureInputs(recipe, pair, splits),
      needs: [
        ...filterNeeds(recipe, [splits.train, splits.val]),
        keyOf(pair.inputs.train!),
        keyOf(pair.inputs.val!),
      ],
      items: splits.train.set.count + splits.val.set.count,
      cost: cost.signatureCost(sets, dimensionsOf(pair.embed)),
      ...markTransductive(pair.stain),
    }))
}

function markTransductive(stain: StainEntry): Pick<Task, 'transductive'> {
  return isTransductive(stain) ? { transductive: true } : {}
}
