// Runs compared cell by cell: the accuracy of cells of one name on the same patches, paired patch by patch.

import { DataError } from '../base/index.ts'
import { adjustHolm, type PairedDifference, pairedDifference } from '../evaluate/index.ts'
import type { Origin } from '../patches/patchSet.ts'
import { type Manifest, type Metrics, openPredictions, type RunPredictions, readJson } from '../runs/index.ts'
import type { Interval } from './data.ts'
import { type Paired, pairPatches } from './pairPatches.ts'
import { checkManifest, checkMetrics } from './runFolder.ts'

/** A run as it is compared. */
export interface ComparedRun {
  /** `A` for the first, `B`, `C` and so on; after `Z` comes `R27`. */
  readonly letter: string
  /** As it was given. */
  readonly folder: string
  readonly name: string
  readonly origin: Origin
  /** Version of Eosin. */
  readonly version: string
  /** Cells that the first run has and this one has not, and the other way round; none for the first. */
  readonly missing: readonly string[]
  readonly added: readonly string[]
}

/** A cell of another run against that of the first run, on one split. */
export interface CellComparison {
  readonly cell: string
  readonly split: 'val' | 'test'
  /** Letter of the other run. */
  readonly run: string
  /** Accuracy in the first run, and in the other. */
  readonly first: Interval
  readonly other: Interval
  /** The accuracy in the other run less that in the first. */
  readonly paired: PairedDifference
  /** p, adjusted for all comparisons of all runs (Holm). */
  readonly adjusted: number
  /** In either run, its stain was fitted on unlabelled patches of the test split. */
  readonly transductive: boolean
}

/** What comparing runs gives. */
export interface RunComparison {
  readonly runs: readonly ComparedRun[]
  readonly comparisons: readonly CellComparison[]
  /** What a reader should know besides, in sentences. */
  readonly notes: readonly string[]
}

interface OpenRun {
  readonly folder: string
  readonly letter: string
  readonly manifest: Manifest
  readonly metrics: Metrics
  readonly predictions: RunPredictions
}

/**
 * Compares runs with the first of them: every cell that both have, on every split that both have with labels. Throws
 * DataError where a folder is no finished run, the patches of a split are not the same, or no cell is in both.
 */
export async function compareRuns(folders: readonly string[]): Promise<RunComparison> {
  const [first, ...others] = await Promise.all(folders.map(openRun))
  const raw: Omit<CellComparison, 'adjusted'>[] = []
  const notes: string[] = []
  for (const other of others) {
    const { pairs, notes: own } = pairSplits(first, other)
    notes.push(...own)
    for (const cell of sharedCells(first, other)) raw.push(...(await compareCell(first, other, cell, pairs)))
  }
  const adjusted = adjustHolm(raw.map(({ paired }) => paired.p))
  return {
    runs: [first, ...others].map((run) => describeRun(first, run)),
    comparisons: raw.map((comparison, i) => ({ ...comparison, adjusted: adjusted[i] })),
    notes,
  }
}

async function openRun(folder: string, index: number): Promise<OpenRun> {
  const manifest = await readJson<Manifest>(`${folder}/manifest.json`)
  const metrics = await readJson<Metrics>(`${folder}/metrics.json`)
  checkManifest(`${folder}/manifest.json`, manifest)
  checkMetrics(`${folder}/metrics.json`, metrics)
  const letter = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[index] ?? `R${index + 1}`
  return { folder, letter, manifest, metrics, predictions: await openPredictions(folder) }
}

function describeRun(first: OpenRun, { letter, folder, manifest, metrics }: OpenRun): ComparedRun {
  const lacking = (some: Metrics, all: Metrics) =>
    all.cells.map(({ id }) => id).filter((id) => !some.cells.some((cell) => cell.id === id))
  return {
    letter,
    folder,
    name: manifest.name,
    origin: manifest.origin,
    version: manifest.versions.eosin,
    missing: lacking(metrics, first.metrics),
    added: lacking(first.metrics, metrics),
  }
}

function sharedCells(first: OpenRun, other: OpenRun): string[] {
  const ids = (run: OpenRun) =>
    run.metrics.cells.map(({ id }) => id).filter((id) => run.predictions.cells.includes(id))
  const shared = ids(first).filter((id) => ids(other).includes(id))
  if (shared.length > 0) return shared
  throw new DataError({
    where: other.folder,
    expected: `a cell of ${first.folder}`,
    got: ids(other).slice(0, 5).join(', '),
    hint: 'cells are compared by name: stain/embed/classify, the labels as the recipes give them',
  })
}

function pairSplits(first: OpenRun, other: OpenRun): { pairs: readonly Paired[]; notes: readonly string[] } {
  const notes: string[] = []
  const pairs = (['val', 'test'] as const).flatMap((split) => {
    const [own, its] = [first, other].map(({ manifest }) => manifest.splits[split])
    if (!own || !its) {
      if (own || its) notes.push(`Only ${own ? first.letter : other.letter} has a ${split} split.`)
      return []
    }
    const paired = pairPatches(split, first.predictions, other.predictions)
    if (!paired) {
      notes.push(`Labels of ${split} are withheld.`)
      return []
    }
    if (own.fingerprint !== its.fingerprint)
      notes.push(
        `The patches of ${split} have the same ids, labels, centers and slides in ${first.letter} and ${other.letter}, but the fingerprints differ: pixels or their order are not the same.`,
      )
    return [paired]
  })
  return { pairs, notes }
}

async function compareCell(
  first: OpenRun,
  other: OpenRun,
  id: string,
  pairs: readonly Paired[],
): Promise<Omit<CellComparison, 'adjusted'>[]> {
  const [a, b] = [other, first].map(({ metrics }) => metrics.cells.find((cell) => cell.id === id)!)
  const ofA = await other.predictions.read(id)
  const ofB = await first.predictions.read(id)
  return pairs.flatMap(({ split, rows, otherRows, ...truth }) => {
    const [scoresA, scoresB] = [a[split], b[split]]
    if (!scoresA || !scoresB) return []
    const paired = pairedDifference({
      ...truth,
      a: Float32Array.from(otherRows, (row) => ofA[row]),
      b: Float32Array.from(rows, (row) => ofB[row]),
      threshold: [scoresA.threshold, scoresB.threshold],
    })
    const transductive = Boolean(a.transductive || b.transductive)
    const accuracies = { first: scoresB.accuracy, other: scoresA.accuracy }
    return [{ cell: id, split, run: other.letter, ...accuracies, paired, transductive }]
  })
}
