// Which patches of a set are shown, and in which order.

import { type SetColumns, unknownLabel } from '../../../../src/serve/browser.ts'

/** What is asked of a patch; '' asks nothing. */
export interface Filters {
  readonly split: string
  readonly center: string
  readonly slide: string
  readonly label: '' | 'tumour' | 'normal' | 'unknown'
  /** By the first cell that was chosen. */
  readonly prediction: '' | 'tumour' | 'normal' | 'right' | 'wrong'
  /** `passed`, `rejected`, or the name of a rule. */
  readonly rule: string
  /** `<stain>: <verdict>` */
  readonly verdict: string
  readonly mark: '' | 'chosen' | 'doubted'
  /** A part of the id. */
  readonly id: string
}

export const noFilters: Filters = {
  split: '',
  center: '',
  slide: '',
  label: '',
  prediction: '',
  rule: '',
  verdict: '',
  mark: '',
  id: '',
}

/** In which order patches stand. */
export const orders = {
  set: 'as in the set',
  sure: 'most confident first',
  unsure: 'least confident first',
  wrong: 'most wrong first',
  apart: 'largest disagreement of the two cells first',
} as const

export type Order = keyof typeof orders

/** What is known of patches beside their columns. */
export interface Known {
  /** Probabilities of tumour by the first cell and by the second, NaN where there is none; null where none was chosen. */
  readonly first: Float32Array | null
  readonly second: Float32Array | null
  /** From which probability on a patch is predicted to be tumour. */
  readonly threshold: number
  readonly chosen: ReadonlySet<number>
  readonly doubted: ReadonlySet<number>
}

/** The rows of a set that pass the filters, in the order of the set. */
export function filterRows(columns: SetColumns, filters: Filters, known: Known): Uint32Array {
  const tests = listTests(columns, filters, known)
  const rows = new Uint32Array(columns.count)
  let count = 0
  for (let row = 0; row < columns.count; row++) if (tests.every((test) => test(row))) rows[count++] = row
  return rows.slice(0, count)
}

type Test = (row: number) => boolean

function listTests(
  columns: SetColumns,
  filters: Filters,
  { first, threshold, chosen, doubted }: Known,
): Test[] {
  const { split, center, slide, label, prediction, rule, verdict, mark, id } = filters
  const tests: Test[] = []
  const at = (names: readonly string[], name: string, places: ArrayLike<number>): Test => {
    const place = names.indexOf(name)
    return (row) => place >= 0 && places[row] === place
  }
  if (split) tests.push(at(columns.splitNames, split, columns.split))
  if (center) tests.push(at(columns.centerNames, center, columns.center))
  if (slide) tests.push(at(columns.slideNames, slide, columns.slide))
  if (label) {
    const wanted = { tumour: 1, normal: 0, unknown: unknownLabel }[label]
    tests.push((row) => columns.label[row] === wanted)
  }
  if (prediction)
    tests.push((row) => matches(prediction, first?.[row] ?? Number.NaN, threshold, columns.label[row]))
  if (rule === 'passed') tests.push((row) => columns.rule[row] === 0)
  else if (rule === 'rejected') tests.push((row) => columns.rule[row] !== 0)
  else if (rule) tests.push(at(columns.ruleNames, rule, columns.rule))
  if (verdict) {
    const [stain, word] = splitVerdict(verdict)
    tests.push(at(columns.verdictNames, word, columns.verdicts[stain] ?? new Uint8Array()))
  }
  if (mark) tests.push((row) => (mark === 'chosen' ? chosen : doubted).has(row))
  if (id) tests.push((row) => columns.ids[row].includes(id))
  return tests
}

// A stain's label may hold a colon.
function splitVerdict(text: string): [string, string] {
  const end = text.lastIndexOf(': ')
  return [text.slice(0, end), text.slice(end + 2)]
}

function matches(
  prediction: Filters['prediction'],
  probability: number,
  threshold: number,
  label: number,
): boolean {
  if (Number.isNaN(probability)) return false
  const isTumour = probability >= threshold
  if (prediction === 'tumour') return isTumour
  if (prediction === 'normal') return !isTumour
  return label !== unknownLabel && (isTumour === (label === 1)) === (prediction === 'right')
}

/** The same rows in another order; those that an order says nothing of come last, equal ones in the order of the set. */
export function orderRows(rows: Uint32Array, order: Order, columns: SetColumns, known: Known): Uint32Array {
  if (order === 'set') return rows
  const keys = Float64Array.from(rows, (row) => keyOf(row, order, columns, known))
  const places = Uint32Array.from(rows, (_, place) => place)
  places.sort((a, b) => keys[b] - keys[a] || a - b)
  return Uint32Array.from(places, (place) => rows[place])
}

// What is larger comes first.
function keyOf(
  row: number,
  order: Order,
  { label }: SetColumns,
  { first, second, threshold }: Known,
): number {
  const p = first?.[row] ?? Number.NaN
  const isUnknown = Number.isNaN(p)
  if (order === 'apart') {
    const q = second?.[row] ?? Number.NaN
    return isUnknown || Number.isNaN(q) ? -1 : Math.abs(p - q)
  }
  if (isUnknown) return Number.NEGATIVE_INFINITY
  if (order === 'sure') return Math.abs(p - threshold)
  if (order === 'unsure') return -Math.abs(p - threshold)
  return label[row] === unknownLabel ? Number.NEGATIVE_INFINITY : Math.abs(p - label[row])
}

/** A label in a word. */
export function nameLabel(label: number): string {
  return label === 1 ? 'tumour' : label === 0 ? 'normal' : 'unknown'
}
