// Step 7: the predictions of every cell, one row a patch and one column a cell, and the submission.

import { compareNames } from '../../base/index.ts'
import { callTumour, type Threshold } from '../../evaluate/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import { writeCsvBlocks, writeParquet } from '../../formats/index.ts'
import { explainUnfit, type RunFolder, type Split, writeSubmission } from '../../runs/index.ts'
import { listPatches } from '../patchColumns.ts'
import { truthOf } from './evaluateCell.ts'
import type { FilteredSplit } from './filter.ts'

/** Seed-averaged probabilities of every cell, by cell id and split. */
export type CellProbabilities = Readonly<Record<string, Readonly<Partial<Record<Split, Float32Array>>>>>

type PredictionColumns = Readonly<Record<string, readonly (string | number | null)[]>>

/** Writes predictions.csv and predictions.parquet: val and test patches ordered by split and id. */
export async function writePredictions(
  run: RunFolder,
  filtered: Readonly<Partial<Record<Split, FilteredSplit>>>,
  cells: CellProbabilities,
): Promise<void> {
  const tables = [filtered.val, filtered.test].flatMap((split) => (split ? [listSplit(split, cells)] : []))
  const columns = Object.fromEntries(
    Object.keys(tables[0]).map((name) => [name, tables.flatMap((table) => table[name])]),
  )
  await writeFileAtomic(run.file('predictions.csv'), writeCsvBlocks(columns))
  await writeFileAtomic(run.file('predictions.parquet'), writeParquet(columns))
}

function listSplit({ split, set, rows }: FilteredSplit, cells: CellProbabilities): PredictionColumns {
  const order = orderById(Array.from(rows, (row) => set.ids[row]))
  const ofCells = Object.entries(cells).map(([id, bySplit]) => [
    id,
    order.map((i) => bySplit[split]?.[i] ?? null),
  ])
  return {
    split: order.map(() => split),
    ...listPatches(
      set,
      order.map((i) => rows[i]),
    ),
    ...Object.fromEntries(ofCells),
  }
}

/** Writes submission.csv from the chosen cell; null where there is no test split or its ids are not integers. */
export async function writeRunSubmission(
  run: RunFolder,
  test: FilteredSplit | undefined,
  { probabilities, threshold }: { readonly probabilities?: Float32Array; readonly threshold?: Threshold },
): Promise<string | null> {
  if (!test || !probabilities || threshold === undefined) return null
  const ids = Array.from(test.rows, (row) => test.set.ids[row])
  const unfit = explainUnfit(ids)
  if (unfit) {
    run.log.info({ submission: 'none', reason: `its ids are not the challenge's: ${unfit}` })
    return null
  }
  const path = run.file('submission.csv')
  const { centers } = truthOf(test)
  await writeSubmission(path, ids, callTumour(probabilities, threshold, centers))
  return path
}

function orderById(ids: readonly string[]): number[] {
  return ids.map((_, i) => i).sort((a, b) => compareNames(ids[a], ids[b]) || (ids[a] < ids[b] ? -1 : 1))
}
