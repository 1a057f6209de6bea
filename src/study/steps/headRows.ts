// Which rows a head is shown: those of train and val as they are given, or, where a center is held out, those of the centers
// that the fold names, whichever split they lie in.

import type { Split } from '../../runs/index.ts'
import type { Fold } from '../folds.ts'
import { type GridCell, viewsOf } from '../grid.ts'
import { type Alignments, placeCenters } from './alignSplits.ts'
import { type Filtered, type FilteredSplit, passedRows } from './filter.ts'
import type { HeadRows, HeadTask, RowPart } from './trainHead.ts'

/** What of a head's task the rows decide. */
export type HeadMaterials = Pick<HeadTask, 'train' | 'val' | 'target' | 'predicts'>

interface Sources {
  readonly filtered: Filtered
  /** The embeddings of each split. */
  readonly files: Readonly<Partial<Record<Split, string>>>
  readonly alignments: Alignments | null
}

/** Gathers what a head of a cell is shown; with a fold it predicts the center that is held out, else val and test. */
export function gatherHeadRows(cell: GridCell, fold: Fold | null, sources: Sources): HeadMaterials {
  const { train, val, test } = sources.filtered
  const open = (split: FilteredSplit) => openPart(cell, split, sources)
  const target = test && cell.adapt.options.target ? [open(test)(passedRows(test).toSorted(), 1)] : null
  if (fold === null) {
    return {
      train: labelRows([[train, train.rows]], cell, open),
      val: labelRows([[val, val.rows]], cell, open),
      target,
      predicts: { val: [open(val)(val.rows, 1)], ...(test && { test: [open(test)(test.rows, 1)] }) },
    }
  }
  const choose = (...centers: string[]) => chooseRows([train, val], centers)
  return {
    train: labelRows(choose(...fold.train), cell, open),
    val: labelRows(choose(fold.stop), cell, open, 1),
    target,
    predicts: { held: choose(fold.held).map(([split, rows]) => open(split)(rows, 1)) },
  }
}

/** All labelled rows, for a head that is trained once more. */
export function gatherRefitRows(cell: GridCell, sources: Sources): HeadMaterials {
  const { train, val } = sources.filtered
  const open = (split: FilteredSplit) => openPart(cell, split, sources)
  const given = gatherHeadRows(cell, null, sources)
  const { test } = given.predicts
  const all = labelRows(
    [
      [train, train.rows],
      [val, val.rows],
    ],
    cell,
    open,
  )
  return { ...given, train: all, predicts: test ? { test } : {} }
}

/** Rows of a split. */
export type ChosenRows = readonly [FilteredSplit, Uint32Array]

/** The rows of `centers` that passed the filter, split by split; splits without any are left out. */
export function chooseRows(splits: readonly FilteredSplit[], centers: readonly string[]): ChosenRows[] {
  return splits
    .map(
      (split): ChosenRows => [split, split.rows.filter((row) => centers.includes(split.set.centers![row]))],
    )
    .filter(([, rows]) => rows.length > 0)
}

type OpenPart = (split: FilteredSplit) => (rows: Uint32Array, views: number) => RowPart

// Patches of train are shown in all their views, unless `most` says otherwise.
function labelRows(
  chosen: readonly ChosenRows[],
  cell: GridCell,
  open: OpenPart,
  most = Number.POSITIVE_INFINITY,
): HeadRows {
  const parts = chosen.map(([split, rows]) => ({
    split,
    rows,
    views: Math.min(most, viewsOf(cell.pair, split.split)),
  }))
  const repeat = <T>(pick: (split: FilteredSplit, row: number) => T) =>
    parts.flatMap(({ split, rows, views }) =>
      Array.from({ length: rows.length * views }, (_, i) => pick(split, rows[i % rows.length])),
    )
  const isKnown = parts.every(({ split }) => split.set.centers)
  return {
    parts: parts.map(({ split, rows, views }) => open(split)(rows, views)),
    labels: Uint8Array.from(repeat(({ set }, row) => set.labels![row])),
    centers: isKnown ? repeat(({ set }, row) => set.centers![row]) : null,
  }
}

// Rows of a split among its embeddings, which hold all patches, view by view.
function openPart(cell: GridCell, split: FilteredSplit, { files, alignments }: Sources) {
  const { set } = split
  const views = viewsOf(cell.pair, split.split)
  const maps = alignments?.splits[split.split]
  const mapped = maps ? { centerOf: placeCenters(split, maps, views), maps: maps.maps } : null
  return (rows: Uint32Array, shown: number): RowPart => {
    const places = new Uint32Array(rows.length * shown)
    for (let view = 0; view < shown; view++) {
      for (let i = 0; i < rows.length; i++) places[view * rows.length + i] = view * set.count + rows[i]
    }
    return { file: files[split.split]!, places, mapped }
  }
}
