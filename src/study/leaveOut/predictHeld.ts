// The work of leaving parts out: for each part and cell one head that has not seen the part, and what it says of it. Each is
// kept in a file of its own, so that a run that was stopped goes on where it was.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Alignment,
  alignCenters,
  type CenterMap,
  type CenterRows,
  type CoralReference,
  openMappedRows,
  referCoral,
  seesTarget,
} from '../../adapt/index.ts'
import {
  compareNames,
  f32,
  groupRows,
  type Progress,
  type RowSource,
  reorderRows,
  rowsOf,
  UsageError,
} from '../../base/index.ts'
import { isRobust, orderRows, pickRobust } from '../../classify/index.ts'
import { readNpyFile, writeFileAtomic } from '../../files/index.ts'
import { writeNpy } from '../../formats/index.ts'
import { headMethodOf } from '../../recipe/index.ts'
import { numberCenters, predictRows } from '../steps/trainHead.ts'
import type { LeaveOutCell } from './cells.ts'
import type { EmbeddingTable } from './embeddingTable.ts'
import type { LeaveOutFold, LeaveOutUnit, Part } from './parts.ts'

/** What is to be predicted, and by what. */
export interface HeldOutWork {
  readonly table: EmbeddingTable
  /** The center of each row, as `nameGroups` gives it; null where no cell asks for it. */
  readonly centers: readonly string[] | null
  readonly folds: readonly LeaveOutFold[]
  readonly cells: readonly LeaveOutCell[]
  readonly seed: number
  /** Names what all of this is made from. */
  readonly key: string
  /** Receives a file for each cell and fold; those that are there are not made again. */
  readonly folder: string
  readonly threads?: number
  /** Told of the head that is trained, in a few words. */
  readonly step: (what: string) => Progress
}

/** Whether a cell needs the center of every row. */
export const needsCenters = ({ adapt: { options } }: LeaveOutCell) =>
  options.align !== 'none' || isRobust(options)

/**
 * Throws UsageError where a cell asks for what leaving this unit out cannot give: an adversary with unlabelled patches of
 * the center that is predicted needs that center to be the one left out.
 */
export function checkUnit(unit: LeaveOutUnit, cells: readonly LeaveOutCell[]): void {
  const found = unit === 'center' ? undefined : cells.find(({ adapt }) => adapt.options.target)
  if (!found) return
  const expected = '--leave-out center, since patches of the center left out take part in its training'
  throw new UsageError({ where: `--adapt ${found.adapt.label}`, expected, got: `--leave-out ${unit}` })
}

/** Whether unlabelled patches of the part that is held out have a part in its prediction. */
export const isTransductive = ({ adapt }: LeaveOutCell) => seesTarget(adapt.options)

/** The probability of every row under every cell, in the order of `cells`, by heads that have not seen its part. */
export async function predictHeldOut(work: HeldOutWork): Promise<Float32Array[]> {
  const probabilities = work.cells.map(() => new Float32Array(work.table.ids.length))
  const aligner = openAligner(work)
  for (const [place, fold] of work.folds.entries()) {
    for (const [i, cell] of work.cells.entries()) {
      const path = join(work.folder, `cell-${i}-fold-${place}.npy`)
      if (!existsSync(path)) {
        const held = await predictPart(work, { cell, fold, name: `cell-${i}-fold-${place}` }, aligner)
        await writeFileAtomic(path, writeNpy(f32([held.length], held)))
      }
      const { data } = await readNpyFile(path)
      for (const [at, row] of fold.held.rows.entries()) probabilities[i][row] = data[at] as number
    }
  }
  return probabilities
}

interface HeldTask {
  readonly cell: LeaveOutCell
  readonly fold: LeaveOutFold
  readonly name: string
}

async function predictPart(
  { table, centers, seed, key, folder, threads, step }: HeldOutWork,
  { cell: { id, head: entry, adapt }, fold, name }: HeldTask,
  aligner: Aligner,
): Promise<Float32Array> {
  const method = headMethodOf(entry)
  const source = await aligner.open(adapt.options.align, fold)
  try {
    const trainRows = Uint32Array.from(fold.train.flatMap(({ rows }) => [...rows]))
    const open = (rows: Uint32Array, part: string): RowSource => ({
      ...reorderRows(source, rows),
      key: `${key} ${name} ${part}`,
    })
    const pick = (rows: Uint32Array) => Uint8Array.from(rows, (row) => table.labels[row])
    const robust = isRobust(adapt.options) && {
      options: pickRobust(adapt.options),
      centers: numberCenters(
        Array.from(trainRows, (row) => centers![row]),
        trainRows.length,
      ),
      ...(adapt.options.target && { target: open(fold.held.rows, 'target') }),
    }
    const head = await method.fit(
      { x: open(trainRows, 'train'), y: pick(trainRows) },
      { x: open(fold.stop.rows, 'stop'), y: pick(fold.stop.rows) },
      entry.options,
      seed,
      {
        progress: step(`${id} without ${fold.held.name}`),
        checkpointPath: join(folder, `${name}.checkpoint`),
        threads,
        ...(robust && { robust }),
      },
    )
    try {
      return await predictRows(head, open(fold.held.rows, 'held'))
    } finally {
      await head.close()
    }
  } finally {
    await source.close()
  }
}

interface Aligner {
  /** The rows of the table as they are aligned for a fold. */
  open(align: Alignment, fold: LeaveOutFold): Promise<RowSource & { close(): Promise<void> }>
}

// Every center by its own patches, without labels; what `coral` brings them to, by those that are trained on.
function openAligner({ table, centers, threads }: HeldOutWork): Aligner {
  let ordered: Promise<Uint32Array> | undefined
  const all = new Map<Alignment, Promise<CenterMap[]>>()
  const groupOf = async (rows?: ReadonlySet<number>): Promise<CenterRows[]> => {
    ordered ??= orderRows(table.x, new Uint8Array(table.ids.length))
    return groupByCenter(
      table,
      centers!,
      (await ordered).filter((row) => !rows || rows.has(row)),
    )
  }
  const measure = async (align: Exclude<Alignment, 'none'>, reference: CoralReference | null) =>
    alignCenters(await groupOf(), align, reference, threads)
  const mapsOf = async (align: Exclude<Alignment, 'none'>, { train }: LeaveOutFold): Promise<CenterMap[]> => {
    if (align === 'coral') return measure(align, await referCoral(await groupOf(rowsOfParts(train)), threads))
    const known = all.get(align) ?? measure(align, null)
    all.set(align, known)
    return known
  }
  return {
    async open(align, fold) {
      if (align === 'none') return { ...rowsOf(table.x), close: async () => {} }
      const maps = await mapsOf(align, fold)
      const names = [...new Set(centers!)].sort(compareNames)
      const place = new Map(names.map((name, i) => [name, i]))
      const centerOf = Uint16Array.from(centers!, (center) => place.get(center)!)
      return openMappedRows(table.x, centerOf, maps, threads)
    },
  }
}

const rowsOfParts = (parts: readonly Part[]) => new Set(parts.flatMap(({ rows }) => [...rows]))

// By center, in the order of their names.
function groupByCenter({ x }: EmbeddingTable, centers: readonly string[], rows: Uint32Array): CenterRows[] {
  return [...groupRows(rows, (row) => centers[row])]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([center, own]) => ({ center, x: rowsOf(x), rows: Uint32Array.from(own) }))
}
