// `eosin classify --leave-out`: every row of a table of embeddings predicted by heads that have not seen its center, slide or
// patient, into a folder that is there whole or not at all; a run that was stopped goes on where it was.

import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Progress, UsageError } from '../../base/index.ts'
import { nameEngines } from '../../engine/index.ts'
import type { SelectionMeasure } from '../../evaluate/index.ts'
import { hashBytes, makeFolder, writeFileAtomic } from '../../files/index.ts'
import { writeCsvBlocks } from '../../formats/index.ts'
import { headMethodOf } from '../../recipe/index.ts'
import { readJson } from '../../runs/index.ts'
import { type FolderKind, fillFolder, keyOf, requireReplaceable } from '../../tasks/index.ts'
import { type LeaveOutCell, listCells, type NamedCells } from './cells.ts'
import { type EmbeddingTable, readEmbeddingTable } from './embeddingTable.ts'
import { judgeHeldOut, type LeaveOutJudgement, type LeaveOutThreshold } from './judge.ts'
import {
  dealParts,
  type LeaveOutFold,
  type LeaveOutUnit,
  leaveOutUnits,
  nameGroups,
  planFolds,
} from './parts.ts'
import { checkUnit, needsCenters, predictHeldOut } from './predictHeld.ts'

/** What is left out of which table, and predicted by what. */
export interface LeaveOutOptions extends NamedCells {
  /** A folder of embeddings, a matrix or a table. */
  readonly path: string
  /** A table of labels, centers, slides and patients. */
  readonly labels?: string
  readonly unit: LeaveOutUnit
  /** Deals many groups into so many folds. */
  readonly folds?: number
  /** What cells are compared by. */
  readonly by: SelectionMeasure
  /** Default: 0.5. */
  readonly threshold?: LeaveOutThreshold
  readonly seed: number
  readonly out: string
  readonly overwrite?: boolean
  readonly threads?: number
  readonly onWait?: (sentence: string) => void
  /** Told of the head that is trained, in a few words. */
  readonly step: (what: string) => Progress
}

/** What `leave-out.json` says. */
export interface LeaveOutResult extends LeaveOutJudgement {
  readonly format: string
  /** Names what it was made from. */
  readonly key: string
  /** The table's name. */
  readonly table: string
  readonly leaveOut: LeaveOutUnit
  readonly count: number
  readonly positives: number
  /** Centers, slides or patients. */
  readonly groups: number
  readonly parts: readonly {
    readonly name: string
    readonly groups: readonly string[]
    readonly count: number
    readonly positives: number
    /** The part that stopped the heads which predict this one. */
    readonly stoppedBy: string
  }[]
  /** What a reader should know of the split; not there where that is nothing. */
  readonly notes?: readonly string[]
}

const format = 'eosin leave-out 1'
const begun = 'begun.json'

const kind: FolderKind = {
  about: 'a folder of predictions',
  manifest: 'leave-out.json',
  key: 'leaveOut',
  isOwn: (name) => ['predictions.csv', begun].includes(name) || name.startsWith('held/'),
}

/**
 * Leaves parts of a table out in turn and writes `predictions.csv` and `leave-out.json` into `out`. What is there already is read
 * again. Throws UsageError where the table cannot be split so, cells cannot be had, or `out` holds something else; DataError where
 * the table is not what it should be.
 */
export async function leaveOut(options: LeaveOutOptions): Promise<LeaveOutResult> {
  const { path, unit, by, threshold = 0.5, seed, out, overwrite, threads, step, onWait } = options
  if (overwrite || !existsSync(out)) await requireReplaceable(out, kind)
  const cells = listCells(options)
  checkUnit(unit, cells)
  const table = await readEmbeddingTable(path, options.labels)
  const groups = nameGroups(table, unit)
  const centers = cells.some(needsCenters) ? nameGroups(table, 'center') : null
  const parts = dealParts(groups, unit, options.folds)
  const folds = planFolds(parts, table.labels)
  if (by === 'auroc' && unit === 'center') requireBothEverywhere(folds, table)
  const key = keyOfWork(table, { unit, groups, folds, cells, by, threshold, seed })
  const isWhole = async () => {
    if (!existsSync(out)) return false
    const found = await readJson<LeaveOutResult>(join(out, 'leave-out.json')).catch(() => null)
    if (found?.key === key) return true
    if (overwrite) return false
    throw new UsageError({
      where: out,
      got: 'a folder with something else in it',
      hint: 'give --overwrite or another --out',
    })
  }
  await fillFolder(out, {
    isDone: isWhole,
    onWait,
    async fill(folder) {
      await beginWork(folder, key)
      const held = join(folder, 'held')
      await makeFolder(held)
      const work = { table, centers, folds, cells, seed, key, folder: held, threads, step }
      const probabilities = await predictHeldOut(work)
      const judgement = judgeHeldOut({
        table,
        unit,
        groups,
        parts,
        cells,
        probabilities,
        by,
        threshold,
        seed,
      })
      const result: LeaveOutResult = {
        format,
        key,
        table: basename(path),
        leaveOut: unit,
        count: table.ids.length,
        positives: countTumour(table, table.labels.keys()),
        groups: new Set(groups).size,
        parts: describeParts(folds, table),
        ...describeSplit(table, unit),
        ...judgement,
      }
      await writeFileAtomic(join(folder, 'predictions.csv'), tabulate(table, folds, cells, probabilities))
      await writeFileAtomic(join(folder, 'leave-out.json'), `${JSON.stringify(result, null, 1)}\n`)
      await rm(held, { recursive: true, force: true })
      await rm(join(folder, begun), { force: true })
    },
  })
  return readJson<LeaveOutResult>(join(out, 'leave-out.json'))
}

// What an earlier process finished counts only where it was of the same rows, parts and cells.
async function beginWork(folder: string, key: string): Promise<void> {
  const text = `${JSON.stringify({ key })}\n`
  if ((await readFile(join(folder, begun), 'utf8').catch(() => null)) === text) return
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
  await writeFileAtomic(join(folder, begun), text)
}

interface Keyed {
  readonly unit: LeaveOutUnit
  readonly groups: readonly string[]
  readonly folds: readonly LeaveOutFold[]
  readonly cells: readonly LeaveOutCell[]
  readonly by: SelectionMeasure
  readonly threshold: LeaveOutThreshold
  readonly seed: number
}

function keyOfWork(
  { x, ids, labels, centers, slides, patients }: EmbeddingTable,
  { unit, groups, folds, cells, by, threshold, seed }: Keyed,
): string {
  const bytes = new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength)
  return keyOf({
    stage: 'leave-out',
    version: 2,
    embeddings: [x.shape, hashBytes(bytes)],
    patches: hashBytes(JSON.stringify([ids, [...labels], centers, slides, patients, groups])),
    unit,
    parts: folds.map(({ held, stop }) => [held.groups, stop.name]),
    cells: cells.map(({ head, adapt }) => [
      head.name,
      headMethodOf(head).version,
      head.options,
      adapt.options,
    ]),
    names: cells.map(({ id }) => id),
    by,
    threshold,
    seed,
    engine: nameEngines('cpu').processor,
  })
}

function requireBothEverywhere(folds: readonly LeaveOutFold[], table: EmbeddingTable): void {
  const found = folds.find(({ held: { rows } }) => [0, rows.length].includes(countTumour(table, rows)))
  if (!found) return
  throw new UsageError({
    where: `--by auroc, ${found.held.name}`,
    expected: 'tumour and normal patches in every center',
    got: `${found.held.rows.length} patches of one class`,
    hint: 'compare by log-loss or accuracy',
  })
}

function countTumour({ labels }: EmbeddingTable, rows: Iterable<number>): number {
  let tumour = 0
  for (const row of rows) tumour += labels[row]
  return tumour
}

function describeParts(folds: readonly LeaveOutFold[], table: EmbeddingTable): LeaveOutResult['parts'] {
  return folds.map(({ held: { name, groups, rows }, stop }) => ({
    name,
    groups,
    count: rows.length,
    positives: countTumour(table, rows),
    stoppedBy: stop.name,
  }))
}

// Slides of one patient are alike.
function describeSplit(table: EmbeddingTable, unit: LeaveOutUnit): Pick<LeaveOutResult, 'notes'> {
  if (unit !== 'slide' || !table.patients?.every((name) => name !== '' && name !== '?')) return {}
  const [slides, patients] = [nameGroups(table, 'slide'), nameGroups(table, 'patient')]
  const slidesOf = new Map<string, Set<string>>()
  for (const [row, patient] of patients.entries())
    slidesOf.set(patient, (slidesOf.get(patient) ?? new Set()).add(slides[row]))
  const shared = [...slidesOf.values()].filter((own) => own.size > 1).length
  if (shared === 0) return {}
  const note = `${shared} of ${slidesOf.size} ${leaveOutUnits.patient} have several slides, which may be on both sides: --leave-out patient holds them out together`
  return { notes: [note] }
}

function tabulate(
  { ids, centers, slides, patients, labels }: EmbeddingTable,
  folds: readonly LeaveOutFold[],
  cells: readonly LeaveOutCell[],
  probabilities: readonly Float32Array[],
) {
  const heldOut = new Array<string>(ids.length)
  for (const { held } of folds) for (const row of held.rows) heldOut[row] = held.name
  return writeCsvBlocks({
    id: ids,
    ...(centers && { center: centers }),
    ...(slides && { slide: slides }),
    ...(patients && { patient: patients }),
    label: labels,
    heldOut,
    ...Object.fromEntries(
      probabilities.map((own, i) => [cells.length === 1 ? 'probability' : cells[i].id, own]),
    ),
  })
}
