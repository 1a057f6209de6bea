// A study as one list of tasks, in the order they run: everything that it makes in the cache. Keys follow from inputs
// alone, so the list can be told before anything has run. docs/decisions/0012-tasks.md says what it is for.

import type { Engines } from '../engine/index.ts'
import { type CacheInputs, type Cost, keyOf } from '../tasks/index.ts'
import {
  type ExtractorFacts,
  effectCost,
  embedCost,
  evaluationCost,
  filterCost,
  fitCost,
  groupsCost,
  hashCost,
  headCost,
  signatureCost,
} from './costClass.ts'
import { type EmbeddingPair, type Grid, layOutGrid, nameEmbeddings, viewsOf } from './grid.ts'
import type { AxisEntry, Recipe, StainEntry } from './recipeSchema.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { targetGroups } from './steps/augmentViews.ts'
import { evaluationInputs } from './steps/evaluateCell.ts'
import { filterInputs } from './steps/filter.ts'
import { stainInputs } from './steps/fitStain.ts'
import { effectInputs, effectSplits, hasSignature, signatureInputs } from './steps/judgeStain.ts'
import { groupInputs, usesGroups } from './steps/stainGroups.ts'
import { teacherOf } from './steps/trainStain.ts'
import { isTransductive } from './transductive.ts'

/** What a task does: hashes patches, filters them, fits a stain or its groups, and so on down to the figures. */
export type TaskKind =
  | 'hash'
  | 'filter'
  | 'fit'
  | 'groups'
  | 'embed'
  | 'head'
  | 'evaluation'
  | 'effect'
  | 'signature'

/** One entry that a study makes in the cache. Plain JSON. */
export interface Task {
  readonly kind: TaskKind
  /** In a few words, of what. */
  readonly what: string
  /** What it is made from; the entry's key is their hash. */
  readonly inputs: CacheInputs
  /** Keys of the entries that it is made from, each of a task before it. */
  readonly needs: readonly string[]
  /** How many patches it looks at, at most; rows for heads. */
  readonly items: number
  /** What decides how long it takes. */
  readonly cost: Cost
  /** Made only for one that needs it: where that one is there, nobody misses it. */
  readonly isMeans?: true
  /** It rests on a stain that is fitted on unlabelled patches of the test split; not there where it does not. */
  readonly transductive?: true
}

/**
 * Every task of a study of `recipe`, each once, none before one that it needs. `extractors` are told by
 * label, `engines` what runs networks. Throws DataError where the checkpoint of a stain cannot be read.
 */
export function layOut(
  recipe: Recipe,
  splits: OpenSplits,
  extractors: Readonly<Record<string, ExtractorFacts>>,
  engines: Engines,
): Task[] {
  const keys = Object.entries(extractors).map(([label, { key }]) => [label, key])
  const grid = layOutGrid(recipe, splits, Object.fromEntries(keys), engines)
  const sizes: Sizes = { engines, dimensionsOf: ({ label }) => extractors[label].dimensions }
  const tasks = [
    ...layOutSplits(recipe, splits),
    ...recipe.stain.flatMap((stain) => layOutStain(recipe, splits, grid, stain, engines)),
    ...layOutTargets(recipe, splits),
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

// What the costs of tasks on embeddings depend on beside the recipe.
interface Sizes {
  readonly engines: Engines
  dimensionsOf(embed: AxisEntry): number
}

function keepFirst<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] {
  const byName = new Map<string, Item>()
  for (const item of items) if (!byName.has(nameOf(item))) byName.set(nameOf(item), item)
  return [...byName.values()]
}

function layOutSplits(recipe: Recipe, splits: OpenSplits): Task[] {
  const all = Object.values(splits)
  const facts = ({ split, set }: OpenSplit) => ({ what: split, items: set.count })
  const hashes = all.map((split): Task => {
    return {
      kind: 'hash',
      ...facts(split),
      inputs: split.hashed.inputs,
      needs: [],
      cost: hashCost(split.set),
    }
  })
  const filters = all.map((split): Task => {
    const inputs = filterInputs(recipe, split)
    return { kind: 'filter', ...facts(split), inputs, needs: [], cost: filterCost(split.set) }
  })
  return recipe.quality === null ? hashes : [...hashes, ...filters]
}

// The key of what a split's patches have gone through, where that is a task.
const filterNeeds = (recipe: Recipe, splits: readonly OpenSplit[]): string[] =>
  recipe.quality === null ? [] : splits.map((split) => keyOf(filterInputs(recipe, split)))

function layOutStain(
  recipe: Recipe,
  splits: OpenSplits,
  { fits }: Grid,
  stain: StainEntry,
  engines: Engines,
): Task[] {
  const all = Object.values(splits)
  const teacher = teacherOf(stain)
  const layOutFit = (
    entry: StainEntry,
    inputs: CacheInputs,
    what: string,
    needs: readonly string[],
  ): Task => ({
    kind: 'fit',
    what,
    inputs,
    needs: [...filterNeeds(recipe, all), ...needs],
    items: countReference(stain),
    cost: fitCost(entry, splits, engines),
    ...markTransductive(stain),
  })
  const taught: Task | null = teacher && {
    ...layOutFit(teacher, stainInputs(recipe, splits, teacher, engines), `${stain.label} teacher`, []),
    isMeans: true,
  }
  const groups = usesGroups(stain) ? all.map((split) => layOutGroups(recipe, split, stain, stain.label)) : []
  return [
    ...(taught ? [taught] : []),
    layOutFit(stain, fits.get(stain)!, stain.label, taught ? [keyOf(taught.inputs)] : []),
    ...groups,
  ]
}

function countReference({ reference }: StainEntry): number {
  return reference === 'published' ? 0 : (reference.ids?.length ?? reference.count ?? 0)
}

function layOutGroups(recipe: Recipe, split: OpenSplit, stain: StainEntry, name: string): Task {
  return {
    kind: 'groups',
    what: `${name} groups of ${split.split}`,
    inputs: groupInputs(filterInputs(recipe, split), stain),
    needs: filterNeeds(recipe, [split]),
    items: split.set.count,
    cost: groupsCost(stain, split.set),
    ...markTransductive(stain),
  }
}

// Centers that training patches are restained towards.
function layOutTargets(recipe: Recipe, splits: OpenSplits): Task[] {
  return recipe.augment.flatMap((augment) => {
    const targets = targetGroups(augment)
    return targets ? [layOutGroups(recipe, splits.train, targets, augment.label)] : []
  })
}

function layOutEmbeddings(
  recipe: Recipe,
  splits: OpenSplits,
  { fits, pairs }: Grid,
  { engines, dimensionsOf }: Sizes,
): Task[] {
  return pairs.flatMap((pair) =>
    Object.values(splits).map((split): Task => {
      const { stain, augment } = pair
      const patches = filterInputs(recipe, split)
      const targets = split.split === 'train' ? targetGroups(augment) : null
      return {
        kind: 'embed',
        what: `${nameEmbeddings(pair, split.split)} ${split.split}`,
        inputs: pair.inputs[split.split]!,
        needs: [
          ...filterNeeds(recipe, [split]),
          keyOf(fits.get(stain)!),
          ...[...(usesGroups(stain) ? [stain] : []), ...(targets ? [targets] : [])].map((entry) =>
            keyOf(groupInputs(patches, entry)),
          ),
        ],
        items: split.set.count * viewsOf(pair, split.split),
        cost: embedCost(pair, split.set, viewsOf(pair, split.split), dimensionsOf(pair.embed), engines),
        ...markTransductive(stain),
      }
    }),
  )
}

const embeddingKeys = ({ inputs }: EmbeddingPair): string[] => Object.values(inputs).map(keyOf)

function layOutHeads(
  recipe: Recipe,
  { train, val, test }: OpenSplits,
  { cells }: Grid,
  { engines, dimensionsOf }: Sizes,
): Task[] {
  const predicted = val.set.count + (test?.set.count ?? 0)
  return cells.flatMap((cell): Task[] => {
    const { id, pair } = cell
    const trained = train.set.count * pair.augment.views
    const cost = headCost(cell.classify, { trained, predicted }, dimensionsOf(pair.embed), engines)
    const heads = cell.heads.map(
      ({ seed, inputs }): Task => ({
        kind: 'head',
        what: `${id} seed ${seed}`,
        inputs,
        needs: embeddingKeys(pair),
        items: trained,
        cost,
        ...markTransductive(pair.stain),
      }),
    )
    const evaluation: Task = {
      kind: 'evaluation',
      what: id,
      inputs: evaluationInputs(recipe, cell),
      needs: cell.heads.map((head) => keyOf(head.inputs)),
      items: predicted,
      cost: evaluationCost(predicted),
      ...markTransductive(pair.stain),
    }
    return [...heads, evaluation]
  })
}

function layOutEffect(recipe: Recipe, splits: OpenSplits, { fits }: Grid, stain: StainEntry): Task[] {
  const shown = effectSplits(splits)
  if (shown.length === 0) return []
  const fit = keyOf(fits.get(stain)!)
  const patches = shown.map((split) => filterInputs(recipe, split))
  const groups = usesGroups(stain) ? patches.map((inputs) => keyOf(groupInputs(inputs, stain))) : []
  return [
    {
      kind: 'effect',
      what: `${stain.label} on structure and colour`,
      inputs: effectInputs(stain, fit, patches),
      needs: [...filterNeeds(recipe, shown), fit, ...groups],
      items: shown.reduce((sum, { set }) => sum + set.count, 0),
      cost: effectCost(
        stain,
        shown.map(({ set }) => set),
      ),
      ...markTransductive(stain),
    },
  ]
}

// One for each stain and extractor: that of their first pair.
function layOutSignatures(
  recipe: Recipe,
  splits: OpenSplits,
  { pairs }: Grid,
  { dimensionsOf }: Sizes,
): Task[] {
  const sets = [splits.train.set, splits.val.set]
  return keepFirst(pairs, ({ stain, embed }) => `${stain.label}/${embed.label}`)
    .filter((pair) => hasSignature(pair, splits))
    .map(({ stain, embed, inputs }) => {
      const [train, val] = [keyOf(inputs.train!), keyOf(inputs.val!)]
      return {
        kind: 'signature',
        what: `${stain.label}/${embed.label} of centers`,
        inputs: signatureInputs(recipe, train, val),
        needs: [train, val],
        items: splits.train.set.count + splits.val.set.count,
        cost: signatureCost(sets, dimensionsOf(embed)),
        ...markTransductive(stain),
      }
    })
}

function markTransductive(stain: StainEntry): Pick<Task, 'transductive'> {
  return isTransductive(stain) ? { transductive: true } : {}
}
