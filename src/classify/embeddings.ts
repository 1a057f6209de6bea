// What a head may be given: finite embeddings, labels 0 and 1, both classes, in an order that content decides. Seen to
// once, at the room's edge.

import { DataError, loadRows, type NdArray, reorderRows } from '../base/index.ts'
import type { LabelledEmbeddings, LabelledRows } from './head.ts'
import { hashRows, numberCenters, orderRows, permuteRows, sortRows } from './rowOrder.ts'

/** The rows and dimensions of embeddings. Throws DataError where they are not a matrix or `dimensions` differ. */
export function checkShape(
  where: string,
  x: { readonly shape: readonly number[] },
  dimensions?: number,
): [number, number] {
  const [rows, columns] = x.shape
  if (x.shape.length !== 2 || columns === 0 || (dimensions !== undefined && columns !== dimensions)) {
    throw new DataError({
      where,
      expected: `embeddings of [rows, ${dimensions ?? 'dimensions'}]`,
      got: `[${x.shape}]`,
      hint: 'use the extractor the head was trained with',
    })
  }
  return [rows, columns]
}

/** Throws DataError naming the first row, counted from `first`, that holds NaN or an infinity. */
export function checkFinite(where: string, x: NdArray<'f32'>, first = 0): void {
  const { data } = x
  let at = 0
  while (at < data.length && Number.isFinite(data[at])) at++ // a callback a value takes ten times as long
  if (at === data.length) return
  const columns = x.shape[1]
  throw new DataError({
    where: `${where}, row ${first + Math.floor(at / columns)}, dimension ${at % columns}`,
    expected: 'a finite number',
    got: `${data[at]}`,
    hint: 'embed this patch again, or reject it in the quality stage',
  })
}

/** Checks shapes and labels of one split, without asking for both classes. Throws DataError. */
function checkLabelled(where: string, { x, y }: LabelledRows, dimensions?: number): void {
  const [rows] = checkShape(where, x, dimensions)
  if (rows === 0) throw new DataError({ where, expected: 'at least one row', got: 'none' })
  if (y.length !== rows) {
    throw new DataError({ where, expected: `${rows} labels, one a row`, got: `${y.length}` })
  }
  const row = y.findIndex((label) => label > 1)
  if (row >= 0)
    throw new DataError({ where: `${where}, row ${row}`, expected: 'label 0 or 1', got: `${y[row]}` })
}

/** Throws DataError where only one class is present; `why` says what that would lead to. */
function checkBothClasses(where: string, y: Uint8Array, why: string): void {
  const positives = y.reduce((sum, label) => sum + label, 0)
  if (positives > 0 && positives < y.length) return
  throw new DataError({
    where,
    expected: 'patches of both classes',
    got: `${y.length} patches, all ${positives === 0 ? 'normal' : 'tumour'}`,
    hint: why,
  })
}

function checkTrain(train: LabelledRows): void {
  checkLabelled('classify train', train)
  checkBothClasses('classify train', train.y, 'no classifier can be learnt from one class')
}

// Of a val split that the fit selects by.
function checkVal(train: LabelledRows, val: LabelledRows): void {
  checkLabelled('classify val', val, train.x.shape[1])
  checkBothClasses(
    'classify val',
    val.y,
    'selecting on one class would favour the head that calls everything so',
  )
}

/** What a head that reads its rows as it needs them is fitted on: as `loadFit`, but nothing is kept in memory. */
export async function openStoredFit(
  train: LabelledRows,
  val: LabelledRows,
): Promise<{ readonly train: LabelledRows; readonly val: LabelledRows }> {
  checkTrain(train)
  checkVal(train, val)
  return {
    train: await orderStored('classify train', train),
    val: await orderStored('classify val', val),
  }
}

async function orderStored(where: string, { x, y }: LabelledRows): Promise<LabelledRows> {
  const order = await orderRows(x, y, (block, first) => checkFinite(where, block, first))
  return { x: reorderRows(x, order), y: y.map((_, i) => y[order[i]]) }
}

/** What a head that works in memory and does not look at val is fitted on: train as `loadFit` gives it. */
export async function loadTrain(train: LabelledRows): Promise<LabelledEmbeddings> {
  checkTrain(train)
  return orderLoaded('classify train', train)
}

/** Embeddings in the order of their content. */
export interface LoadedEmbeddings extends LabelledEmbeddings {
  /** The center of each row, 0, 1, ..., numbered by content; none where none were given. */
  readonly centers?: Uint16Array
}

/**
 * What a head that works in memory is fitted on: both splits loaded and checked, every value finite, rows in the order
 * of their content, whatever the order they were given in; with them the centers of training rows, where given.
 */
export async function loadFit(
  train: LabelledRows,
  val: LabelledRows,
  usesVal: boolean,
  centers?: Uint16Array,
): Promise<{ readonly train: LoadedEmbeddings; readonly val: LabelledEmbeddings }> {
  checkTrain(train)
  if (centers) checkCenters('classify train', train, centers)
  if (usesVal) checkVal(train, val)
  return {
    train: await orderLoaded('classify train', train, centers),
    val: usesVal ? await orderLoaded('classify val', val) : { ...val, x: await loadRows(val.x) },
  }
}

function checkCenters(where: string, { y }: LabelledRows, { length }: Uint16Array): void {
  if (length === y.length) return
  throw new DataError({ where, expected: `${y.length} centers, one a row`, got: `${length}` })
}

// In place, unless the rows are the caller's: embeddings may fill most of the memory.
async function orderLoaded(
  where: string,
  { x: given, y }: LabelledRows,
  centers?: Uint16Array,
): Promise<LoadedEmbeddings> {
  const x = await loadRows(given)
  const hashes = await hashRows(x, (block, first) => checkFinite(where, block, first))
  const numbers = centers && numberCenters(hashes, y, centers)
  const order = sortRows(hashes, y, numbers)
  const data = x === given ? x.data.slice() : x.data
  permuteRows(data, x.shape[1], order)
  return {
    x: { ...x, data },
    y: y.map((_, i) => y[order[i]]),
    centers: numbers?.map((_, i) => numbers[order[i]]),
  }
}
