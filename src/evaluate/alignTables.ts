// Tables of predictions and labels become columns of one order. A patch is known by its split and its id, since ids may
// begin anew in each split; whatever else both tables know of it has to agree, and what cannot be paired without a guess
// is refused.

import { DataError, normaliseName, parseDecimal, UnknownNameError } from '../base/index.ts'
import type { Predictions } from './groups.ts'
import { findColumn, findProbabilities, missingColumn, type NamedTable } from './namedTable.ts'

/** What to align, and how it is meant where the tables alone do not say. */
export interface AlignOptions {
  /** `id` and a column of probabilities; `label`, `center`, `slide`, `patient`, `part` and `split` where known. */
  readonly predictions: NamedTable
  /** `id`, and others as above. What the predictions know too must be the same; `label` may be known by either. */
  readonly labels?: NamedTable
  /** Default: the only split that the labels name, or the only one of the predictions. */
  readonly split?: string
  /** Default: `probability`, or `Pred` as the challenge has it. */
  readonly column?: string
}

/** Predictions with labels, in the order of the predictions' table. */
export interface AlignedPredictions extends Predictions {
  readonly ids: readonly string[]
  /** null where no table names any, or all are taken. */
  readonly split: string | null
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly patients: readonly string[] | null
  /** The part of its data set that a patch is of, as `eosin predict --part` writes it. */
  readonly parts: readonly string[] | null
  /** Patches of the labels' table that have no prediction. */
  readonly unpredicted: number
}

// What is known of patches beside split, id and label, and is compared where both tables know it.
const sharedNames = ['center', 'slide', 'patient', 'part'] as const

// A table whose known columns are found; null where it has none such.
interface KnownTable extends NamedTable {
  readonly id: readonly string[]
  readonly label: readonly string[] | null
  readonly center: readonly string[] | null
  readonly slide: readonly string[] | null
  readonly patient: readonly string[] | null
  readonly part: readonly string[] | null
  readonly split: readonly string[] | null
}

// A patch with its row in the predictions and in the labels' table, where there is one.
interface Pair {
  readonly id: string
  readonly own: number
  readonly told: number | undefined
}

/**
 * Pairs predictions with labels by split and id. Throws UnknownNameError for a `split` or `column` that is not there,
 * UsageError for a `column` of something else, DataError where a column is missing, the split is open, an id repeats or
 * has no label, the tables contradict each other (label, center, slide, patient, part), or a value is no label or no probability.
 */
export function alignTables({ column, ...options }: AlignOptions): AlignedPredictions {
  const predictions = knowTable(options.predictions)
  const labels = options.labels && knowTable(options.labels)
  if (!labels?.label && !predictions.label) throw missingColumn(labels ?? predictions, 'label')
  const text = findProbabilities(predictions, column)
  const split = chooseSplit(predictions, labels, options.split)
  const own = selectRows(predictions, split)
  const told = labels && selectRows(labels, split)
  const rows = Array.from(own, ([id, row]) => ({ id, own: row, told: told && findRow(labels, told, id) }))
  if (labels) for (const name of sharedNames) requireAgreement(name, predictions, labels, rows)
  // What the labels' table says comes first; where it is silent, the predictions' own columns.
  const pick = (name: (typeof sharedNames)[number]) => {
    const values = rows.map((row) => labels?.[name]?.[row.told!] || predictions[name]?.[row.own] || '')
    return values.some((value) => value !== '') ? values : null
  }
  return {
    ids: rows.map(({ id }) => id),
    split,
    labels: Uint8Array.from(rows, (row) =>
      readLabel(
        { where: `${predictions.where} id ${row.id}`, text: predictions.label?.[row.own] ?? '' },
        labels?.label && { where: `${labels.where} id ${row.id}`, text: labels.label[row.told!] },
      ),
    ),
    probabilities: Float32Array.from(rows, (row) =>
      readProbability(`${predictions.where} id ${row.id}`, text[row.own]),
    ),
    centers: pick('center'),
    slides: pick('slide'),
    patients: pick('patient'),
    parts: pick('part'),
    unpredicted: told ? told.size - own.size : 0,
  }
}

/** What to align a second table of predictions with. */
export interface AlignPairOptions extends AlignOptions {
  readonly against: NamedTable
  /** Default: `column`, where that is given. */
  readonly againstColumn?: string
}

/** Two tables of predictions for the same patches: `b` is the second's, in the first's order. Throws as alignTables. */
export function alignPair({ against, againstColumn, ...options }: AlignPairOptions): AlignedPredictions & {
  readonly b: Float32Array
} {
  const hasSplits = (table: NamedTable | undefined) => Boolean(table && knowTable(table).split)
  const isSplit = hasSplits(options.predictions) || hasSplits(options.labels)
  const first = alignTables(isSplit ? options : { ...options, split: undefined })
  const split = hasSplits(against) ? (first.split ?? options.split) : undefined
  // What is known of the first stands in for the second's labels: where that has other patches, it comes to light.
  const { ids, centers, slides, patients, parts } = first
  const labels = {
    where: options.predictions.where,
    columns: {
      id: ids,
      label: Array.from(first.labels, String),
      ...(centers && { center: centers }),
      ...(slides && { slide: slides }),
      ...(patients && { patient: patients }),
      ...(parts && { part: parts }),
    },
  }
  const second = alignTables({ predictions: against, labels, split, column: againstColumn ?? options.column })
  const rowOf = new Map(second.ids.map((id, row) => [id, row]))
  const b = Float32Array.from(first.ids, (id) => second.probabilities[findRow(against, rowOf, id)])
  return { ...first, b }
}

function knowTable(table: NamedTable): KnownTable {
  const id = findColumn(table, ['id'])
  if (!id) throw missingColumn(table, 'id')
  const [label, center, slide, patient, part, split] = ['label', ...sharedNames, 'split'].map((name) =>
    findColumn(table, [name]),
  )
  return { ...table, id, label, center, slide, patient, part, split }
}

// Names are compared as readers give them (`2.0` is `2`); where either table is silent there is nothing to compare.
function requireAgreement(
  name: (typeof sharedNames)[number],
  predictions: KnownTable,
  labels: KnownTable,
  rows: readonly Pair[],
): void {
  const [own, told] = [predictions[name], labels[name]]
  if (!own || !told) return
  const known = rows
    .map((row) => ({ id: row.id, own: normaliseName(own[row.own]), told: normaliseName(told[row.told!]) }))
    .filter((row) => row.own !== null && row.told !== null)
  const differing = known.filter((row) => row.own !== row.told)
  if (differing.length === 0) return
  const [first] = differing
  throw new DataError({
    where: `${labels.where} id ${first.id}`,
    expected: `${name} ${first.own}, as ${predictions.where} has it`,
    got: `${first.told} (${differing.length} of ${known.length} patches differ)`,
    hint: 'are these the same patches?',
  })
}

function chooseSplit(
  predictions: KnownTable,
  labels: KnownTable | undefined,
  wanted?: string,
): string | null {
  if (wanted !== undefined) {
    if (!predictions.split && !labels?.split) throw missingColumn(predictions, 'split')
    for (const { where, split } of [predictions, ...(labels ? [labels] : [])])
      if (split && !split.includes(wanted))
        throw new UnknownNameError(`${where} split`, wanted, [...new Set(split)])
    return wanted
  }
  const { split, label } = labels?.label ? labels : predictions
  const labelled = new Set(split?.filter((_, row) => label![row] !== ''))
  const own = new Set(predictions.split)
  if (labelled.size === 1) return [...labelled][0]
  if (own.size <= 1) return [...own][0] ?? null
  throw new DataError({
    where: predictions.where,
    expected: 'patches of one split',
    got: [...own].join(', '),
    hint: `say which, as in --split ${[...own][0]}`,
  })
}

// The rows of a split by id; all rows where the table names no splits.
function selectRows(
  { where, id: ids, split: splits }: KnownTable,
  split: string | null,
): Map<string, number> {
  const rows = new Map<string, number>()
  for (const [row, id] of ids.entries()) {
    if (splits && split !== null && splits[row] !== split) continue
    if (rows.has(id)) {
      const hint = splits && split === null ? `say which split, as in --split ${splits[row]}` : undefined
      throw new DataError({ where, expected: 'each id once', got: `id ${id} twice`, hint })
    }
    rows.set(id, row)
  }
  if (rows.size > 0) return rows
  const got = [...new Set(splits)].join(', ') || 'none'
  throw new DataError({ where, expected: split === null ? 'patches' : `patches of split '${split}'`, got })
}

function findRow({ where }: NamedTable, rows: ReadonlyMap<string, number>, id: string): number {
  const row = rows.get(id)
  if (row === undefined) throw new DataError({ where, expected: `a row for id ${id}`, got: 'none' })
  return row
}

interface Field {
  readonly where: string
  readonly text: string
}

// The label that is told, or else the predictions' own; both have to agree.
function readLabel(own: Field, told: Field | null | undefined): 0 | 1 {
  const { where, text } = [told, own].find((field) => field?.text) ?? told ?? own
  const label = parseDecimal(text)
  if (label !== 0 && label !== 1) throw new DataError({ where, expected: 'label 0 or 1', got: `'${text}'` })
  if (own.text !== '' && parseDecimal(own.text) !== label) {
    const expected = `label ${own.text}, as ${own.where} has it`
    throw new DataError({ where, expected, got: text, hint: 'are these the same patches?' })
  }
  return label
}

function readProbability(where: string, text: string): number {
  const value = parseDecimal(text)
  if (value !== undefined && value >= 0 && value <= 1) return value
  throw new DataError({ where, expected: 'a probability from 0 to 1', got: `'${text}'` })
}
