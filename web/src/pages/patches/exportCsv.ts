// The patches that were chosen, as a table: what is known of them, what every cell that was asked predicts, and doubts.

import { type Column, formatSingle, writeCsv } from '../../../../src/formats/index.ts'
import type { Doubt, SetColumns } from '../../../../src/serve/browser.ts'

/** What the table is made of. */
export interface Exported {
  readonly columns: SetColumns
  readonly rows: readonly number[]
  /** Probabilities of tumour by cell, a value for each row of the set. */
  readonly probabilities: Readonly<Record<string, Float32Array>>
  readonly doubts: ReadonlyMap<number, Doubt>
}

/** CSV with a row for each patch. Text that a spreadsheet would run as a formula is written with an apostrophe before it. */
export function exportCsv({ columns, rows, probabilities, doubts }: Exported): string {
  const pick = (names: readonly string[], places: ArrayLike<number>) =>
    rows.map((row) => (places[row] >= 0 ? (names[places[row]] ?? null) : null))
  const table: Record<string, Column> = {
    split: pick(columns.splitNames, columns.split),
    id: rows.map((row) => columns.ids[row]),
    center: pick(columns.centerNames, columns.center),
    slide: pick(columns.slideNames, columns.slide),
    label: rows.map((row) => (columns.label[row] <= 1 ? columns.label[row] : null)),
    quality_rule: pick(columns.ruleNames, columns.rule),
  }
  for (const stain of columns.stains)
    table[`verdict ${stain}`] = pick(columns.verdictNames, columns.verdicts[stain])
  for (const [cell, values] of Object.entries(probabilities))
    table[cell] = rows.map((row) => (Number.isNaN(values[row]) ? null : formatSingle(values[row])))
  table.doubted_as = rows.map((row) => doubts.get(row)?.as ?? null)
  table.doubt_note = rows.map((row) => doubts.get(row)?.note ?? null)
  return writeCsv(table)
}
