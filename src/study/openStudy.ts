// A study laid out and ready to work on: its recipe, its splits open, its grid and its tasks. Whoever opens the same recipe
// on the same files gets the same tasks, with the same keys: a run, a plan, and every process that works for a run.

import { RecipeError } from '../base/index.ts'
import { type Extractor, openExtractor } from '../embed/index.ts'
import { type Engines, nameEngines, type ProviderChoice } from '../engine/index.ts'
import type { AxisEntry, Recipe } from '../recipe/index.ts'
import type { Split } from '../runs/index.ts'
import { type Cache, type Due, keyOf } from '../tasks/index.ts'
import { requireFeasible } from './feasible.ts'
import { watchFiles } from './fingerprints.ts'
import { type Candidate, type Grid, type GridCell, layOutGrid } from './grid.ts'
import { layOut } from './layOut.ts'
import { closeSplits, type OpenSplits, openSplits, type SplitObserver } from './splits.ts'
import type { Task } from './task.ts'

/** A task with the name of its entry. */
export type KeyedTask = Task & {
  /** The name of its entry. */
  readonly key: string
  /** The stage that it belongs to: the folder of its entry in the cache. */
  readonly stage: string
}

/** A study laid out. */
export interface OpenStudy {
  readonly recipe: Recipe
  readonly splits: OpenSplits
  readonly grid: Grid
  readonly engines: Engines
  /** By label, what is known of an extractor before it runs. */
  readonly extractors: Readonly<Record<string, OpenedExtractor>>
  /** Where networks run. */
  readonly device: string
  readonly threads?: number
  /** In an order in which they can be done. */
  readonly tasks: readonly KeyedTask[]
  /** Throws DataError once a file of a split is not what it was. */
  checkFiles(): Promise<void>
  close(): Promise<void>
}

/** How a study is opened. */
export interface OpenStudyOptions {
  readonly device: string
  readonly threads?: number
  readonly observe?: (split: Split) => SplitObserver
}

/**
 * Opens the splits of a recipe and lays its tasks out. Reads the patches once unless their hashes are cached. Throws as
 * `openSplits` and `requireFeasible` do.
 */
export async function openStudy(
  recipe: Recipe,
  cache: Cache,
  { device, threads, observe }: OpenStudyOptions,
): Promise<OpenStudy> {
  const splits = await openSplits(recipe, cache, observe)
  try {
    const checkFiles = await watchFiles(Object.values(splits).map(({ set }) => set))
    requireFeasible(recipe, splits)
    const engines = nameEngines(device as ProviderChoice)
    const extractors = await readExtractors(recipe, device)
    const keys = Object.fromEntries(Object.entries(extractors).map(([label, { key }]) => [label, key]))
    const grid = layOutGrid(recipe, splits, keys, engines)
    const dimensionsOf = ({ label }: AxisEntry) => extractors[label].dimensions
    const sizes = { engines, dimensionsOf }
    const tasks = layOut(recipe, splits, grid, sizes).map(
      (task): KeyedTask => ({ ...task, key: keyOf(task.inputs), stage: task.inputs.stage }),
    )
    return {
      recipe,
      splits,
      grid,
      engines,
      extractors,
      device,
      threads,
      tasks,
      checkFiles,
      close: () => closeSplits(splits),
    }
  } catch (cause) {
    await closeSplits(splits)
    throw cause
  }
}

/** The cell of a study called `id`. */
export function cellOf({ grid }: Pick<OpenStudy, 'grid'>, id: string): GridCell {
  return findNamed(grid.cells, id)
}

/** The cell or ensemble of a study called `id`. */
export function candidateOf({ grid }: Pick<OpenStudy, 'grid'>, id: string): Candidate {
  return findNamed(grid.candidates, id)
}

function findNamed<Named extends { readonly id: string }>(all: readonly Named[], id: string): Named {
  const found = all.find((one) => one.id === id)
  if (found) return found
  throw new RecipeError({ where: 'study', expected: 'a cell of the recipe', got: id })
}

/** A task with whether it is to be done. */
export type PlannedTask = KeyedTask & Due

/** What is known of an extractor once it has been opened. */
export type OpenedExtractor = Pick<Extractor, 'key' | 'provenance' | 'dimensions'>

// What is known of the recipe's extractors, by label; each is opened for it.
async function readExtractors(recipe: Recipe, device: string): Promise<Record<string, OpenedExtractor>> {
  const facts: Record<string, OpenedExtractor> = {}
  for (const { label, name, options } of recipe.embed) {
    const { key, provenance, dimensions, close } = await openExtractor(
      { name, ...options },
      { device, threads: 1 },
    )
    facts[label] = { key, provenance, dimensions }
    await close()
  }
  return facts
}
