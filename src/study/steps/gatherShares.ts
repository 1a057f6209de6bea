// What the sensitivity of an aligned cell to the share of tumour is measured from: every labelled center that some of its
// heads were not trained on, with these heads and what they predicted.

import { join } from 'node:path'
import type { Alignment } from '../../adapt/index.ts'
import { compareNames } from '../../base/index.ts'
import { averageProbabilities } from '../../evaluate/index.ts'
import type { GridCell, GridHead } from '../grid.ts'
import type { Materials } from '../materials.ts'
import type { FilteredSplit } from './filter.ts'
import { type ChosenRows, chooseRows } from './headRows.ts'
import { findUnaligned, type ShareCenter, type ShareTask, shareThreshold } from './measureShares.ts'
import { readProbabilities } from './trainHead.ts'

// Rows that heads predicted, among them those of a center.
interface Judged {
  readonly center: string
  readonly chosen: readonly ChosenRows[]
  /** Under which name the heads wrote their predictions of the chosen rows. */
  readonly file: 'held' | 'val'
  headsOf(cell: GridCell): readonly GridHead[]
}

/** Gathers the centers of a cell's folds; those of val under the protocol `challenge`. */
export async function gatherShares(materials: Materials, cell: GridCell): Promise<ShareTask> {
  const { recipe, device } = materials.study
  const [train, val] = [await materials.filtered('train'), await materials.filtered('val')]
  const { judged, leftOut } =
    cell.folds.length > 0
      ? { judged: listFolds(cell, [train, val]), leftOut: [] }
      : listVal(train.set.centers, val)
  const centers: ShareCenter[] = []
  for (const one of judged) centers.push(await gatherCenter(materials, cell, one))
  return {
    cell: cell.id,
    seed: recipe.seed,
    threshold: shareThreshold(recipe),
    align: cell.adapt.options.align as Exclude<Alignment, 'none'>,
    reference: (await materials.alignments(cell))!.reference,
    device,
    threads: materials.threads,
    centers,
    leftOut,
  }
}

function listFolds({ folds }: GridCell, seen: readonly FilteredSplit[]): Judged[] {
  return folds.map(({ fold: { held } }, i) => ({
    center: held,
    chosen: chooseRows(seen, [held]),
    file: 'held',
    headsOf: (cell) => cell.folds[i].heads,
  }))
}

function listVal(trained: readonly string[] | null, val: FilteredSplit) {
  const { centers } = val.set
  if (!centers || !trained) {
    const reason = `the centers of ${centers ? 'train' : 'val'} are not known`
    return { judged: [], leftOut: [{ center: 'val', reason }] }
  }
  const names = [...new Set(Array.from(val.rows, (row) => centers[row]))].sort(compareNames)
  const isTrained = (name: string) => trained.includes(name)
  return {
    judged: names
      .filter((name) => !isTrained(name))
      .map((center): Judged => {
        return { center, chosen: [[val, val.rows]], file: 'val', headsOf: ({ heads }) => heads }
      }),
    leftOut: names.filter(isTrained).map((center) => ({ center, reason: 'heads were trained on it' })),
  }
}

async function gatherCenter(
  materials: Materials,
  cell: GridCell,
  { center, chosen, file, headsOf }: Judged,
): Promise<ShareCenter> {
  const predict = async (heads: readonly GridHead[]) => {
    const entries = await Promise.all(heads.map(({ inputs }) => materials.cache.find(inputs)))
    return {
      folders: entries.map(({ folder }) => join(folder, 'head')),
      mean: averageProbabilities(await Promise.all(entries.map((entry) => readProbabilities(entry, file)))),
    }
  }
  const own = await predict(headsOf(cell))
  const unaligned = findUnaligned(materials.study.grid, cell)
  const parts: ShareCenter['parts'][number][] = []
  const found: { readonly place: number; readonly label: number }[] = []
  let first = 0
  for (const [split, rows] of chosen) {
    const { folder } = await materials.embeddings(cell.pair, split.split)
    parts.push({ file: join(folder, 'embeddings.npy'), places: rows, mapped: null })
    const places = new Map(Array.from(rows, (row, i) => [row, first + i]))
    const { set, ordered } = split
    for (const row of ordered)
      if (set.centers![row] === center) found.push({ place: places.get(row)!, label: set.labels![row] })
    first += rows.length
  }
  return {
    center,
    parts,
    places: Uint32Array.from(found, ({ place }) => place),
    labels: Uint8Array.from(found, ({ label }) => label),
    heads: own.folders,
    whole: own.mean,
    plain: unaligned ? (await predict(headsOf(unaligned))).mean : null,
  }
}
