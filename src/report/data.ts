// What a report is made of: the run folder's files, parsed, with the pictures at hand.

import { compareNames } from '../base/index.ts'
import type { PairedDifference } from '../evaluate/compare.ts'
import type {
  Evaluation,
  Interval,
  Scores,
  UnitFigures,
  UnitLevel,
  UnitScore,
} from '../evaluate/evaluation.ts'
import type {
  Cell,
  EmbeddingAgreement,
  Gallery,
  GalleryImage,
  LearnedStain,
  Manifest,
  Metrics,
  OverSeeds,
  PairSignature,
  RunForecast,
  ShareResult,
  ShareSensitivity,
  Split,
  SplitProvenance,
  StageTiming,
  StainEffect,
  StainedSample,
} from '../runs/record.ts'

export type {
  Cell,
  EmbeddingAgreement,
  Evaluation,
  Gallery,
  GalleryImage,
  Interval,
  LearnedStain,
  Manifest,
  Metrics,
  OverSeeds,
  PairedDifference,
  PairSignature,
  RunForecast,
  Scores,
  ShareResult,
  ShareSensitivity,
  Split,
  SplitProvenance,
  StageTiming,
  StainEffect,
  StainedSample,
  UnitFigures,
  UnitLevel,
  UnitScore,
}

/** A run as the report shows it. Only the manifest and the metrics must be there. */
export interface ReportData {
  /** The study's cache as a path from the run folder, with forward slashes; null where the run does not say it. */
  readonly cache: string | null
  /** Whether the run wrote `submission.csv`. */
  readonly hasSubmission: boolean
  readonly manifest: Manifest
  readonly metrics: Metrics
  /** The recipe's text, or null where the folder has none. */
  readonly recipe: string | null
  readonly timings: readonly StageTiming[]
  readonly forecast: RunForecast | null
  readonly gallery: Gallery | null
  /** Stains that were trained for the run. */
  readonly learned: readonly LearnedStain[]
  /** PNG files of the gallery as data URIs, by the name the gallery gives them. */
  readonly images: ReadonlyMap<string, string>
}

/** Splits in the order a reader thinks of them. */
export const SPLITS: readonly Split[] = ['train', 'val', 'test']

/** A split in a sentence. */
export const SPLIT_WORDS: Readonly<Record<Split, string>> = {
  train: 'training',
  val: 'validation',
  test: 'test',
}

/** What manifests and verdicts name a center that the data does not name. */
export const UNNAMED = '?'

/** The cell that the submission is made with. */
export function chosenCell(metrics: Metrics): Cell {
  return metrics.cells.find((cell) => cell.id === metrics.chosen)!
}

/** Cells of the grid, without ensembles of them. */
export function listSingle({ cells }: Metrics): readonly Cell[] {
  return cells.filter(({ members }) => !members)
}

/** The splits that a cell is judged on. */
export function scoredSplits(cell: Cell): readonly ('val' | 'test')[] {
  return cell.test ? ['val', 'test'] : ['val']
}

/** The accuracy of the chosen cell less that of `cell`; null where the run did not compare them there. */
export function differenceTo(metrics: Metrics, cell: Cell, split: 'val' | 'test'): PairedDifference | null {
  return metrics.differences?.find((difference) => difference.cell === cell.id)?.[split] ?? null
}

/**
 * Cells, best first, by what the choice was made by; in runs of versions that chose by accuracy on validation by that, the
 * chosen one before its equals.
 */
export function rankCells(metrics: Metrics): readonly Cell[] {
  const { cells, selection } = metrics
  if (selection) {
    const places = new Map(selection.ranking.map(({ id }, place) => [id, place]))
    return [...cells].sort((a, b) => places.get(a.id)! - places.get(b.id)!)
  }
  const isChosen = (cell: Cell) => Number(cell.id === metrics.chosen)
  return [...cells].sort((a, b) => b.val.accuracy.value - a.val.accuracy.value || isChosen(b) - isChosen(a))
}

/**
 * The cells that curves and bars are drawn for: the chosen one and those that differ from it in stain only;
 * where there are none, the best eight of the grid. The chosen cell comes first.
 */
export function compareCells(metrics: Metrics): readonly Cell[] {
  const chosen = chosenCell(metrics)
  const siblings = metrics.cells.filter(
    (cell) =>
      cell.augment === chosen.augment &&
      cell.embed === chosen.embed &&
      cell.adapt === chosen.adapt &&
      cell.classify === chosen.classify,
  )
  const others = siblings.length > 1 ? siblings : rankCells(metrics).slice(0, 8)
  return [chosen, ...others.filter((cell) => cell.id !== chosen.id)]
}

/** Names a cell by what tells it from the others of the grid, e.g. `macenko / mlp` in a grid of one extractor. */
export function labelCell(cell: Cell, { cells }: Metrics): string {
  return labelAmong(cell, cells)
}

/** Names a cell by what tells it from the compared cells: mostly the stain alone. */
export function labelCompared(cell: Cell, metrics: Metrics): string {
  return labelAmong(cell, compareCells(metrics))
}

function labelAmong(cell: Cell, cells: readonly Cell[]): string {
  const axes = listVaried(cells)
  return axes.length ? joinNames(cell, axes) : nameCell(cell)
}

/** What a cell is made of, in the order of the pipeline. */
export const AXES = ['stain', 'augment', 'embed', 'adapt', 'classify'] as const

/** An axis of the grid. */
export type Axis = (typeof AXES)[number]

/** The axes along which cells differ. */
export function listVaried(cells: readonly Cell[]): readonly Axis[] {
  return AXES.filter((axis) => cells.some((cell) => cell[axis] !== cells[0][axis]))
}

/** A cell's full name; augmentation is named only where there is some. */
export function nameCell(cell: Cell): string {
  return joinNames(cell, AXES)
}

/** A cell's name without what one axis says of it. */
export function labelWithout(cell: Cell, left: Axis): string {
  return joinNames(
    cell,
    AXES.filter((axis) => axis !== left),
  )
}

/** What a table says of a cell on an axis; an ensemble stands under its own name. */
export function sayAxis(cell: Cell, axis: Axis): string {
  return axis === 'stain' && cell.members ? cell.id : cell[axis]
}

// 'none' is said of the stain, which every cell has, and of nothing else.
function joinNames(cell: Cell, axes: readonly Axis[]): string {
  if (cell.members) return cell.id // an ensemble has a name of its own
  const said = axes.filter((axis) => axis === 'stain' || cell[axis] !== 'none')
  return said.map((axis) => cell[axis]).join(' / ') || 'none'
}

/** How many patches of a split a quality rule found; of the test split they are kept all the same. */
export function countFlagged({ rejectedByRule }: SplitProvenance): number {
  return Object.values(rejectedByRule).reduce((sum, count) => sum + count, 0)
}

/** The centers of a split in natural order. */
export function listCenters(provenance: SplitProvenance | undefined): readonly string[] {
  return Object.keys(provenance?.byCenter ?? {}).sort(compareNames)
}
