// Tables of text as evaluation reads them: columns are found by name, as written or else in any case, as in the
// challenge's `ID,Pred`.

import { DataError, matchNames, UnknownNameError, UsageError } from '../base/index.ts'

/** A table of text by column, and what messages call it. */
export interface NamedTable {
  readonly where: string
  readonly columns: Readonly<Record<string, readonly string[]>>
}

// Columns that say what a patch is: none of them can be what a model says of it.
const descriptive = ['split', 'part', 'id', 'center', 'slide', 'patient', 'label']

/** The column by the first of `names` that the table has, or null. Throws DataError where two columns differ in case only. */
export function findColumn(
  { where, columns }: NamedTable,
  names: readonly string[],
): readonly string[] | null {
  for (const name of names) {
    const alike = matchNames(Object.keys(columns), name)
    if (alike.length > 1)
      throw new DataError({ where, expected: `one column '${name}'`, got: alike.join(', ') })
    if (alike.length === 1) return columns[alike[0]]
  }
  return null
}

/**
 * The column of probabilities: `wanted`, else `probability` or `Pred`. Throws UnknownNameError where the table has no column
 * `wanted`, UsageError where it says what a patch is (a label would score itself), DataError where none is there.
 */
export function findProbabilities(table: NamedTable, wanted: string | undefined): readonly string[] {
  const { where, columns } = table
  const others = Object.keys(columns).filter((name) => !isDescriptive(name))
  if (wanted === undefined) {
    const found = findColumn(table, ['probability', 'pred'])
    if (!found) throw missingColumn(table, 'probability or Pred', 'name it with --column')
    return found
  }
  if (isDescriptive(wanted)) {
    throw new UsageError({
      where: `${where} column`,
      expected: others.length > 0 ? `one of ${others.join(', ')}` : 'a column of probabilities',
      got: `'${wanted}', which says what a patch is, not what a model says of it`,
    })
  }
  const found = findColumn(table, [wanted])
  if (!found) throw new UnknownNameError(`${where} column`, wanted, others)
  return found
}

/** The error for a column that is not there, with the names of those that are. */
export function missingColumn({ where, columns }: NamedTable, name: string, hint?: string): DataError {
  const names = Object.keys(columns)
  const others = names.length > 12 ? ` and ${names.length - 12} more` : ''
  return new DataError({
    where,
    expected: `a column ${name}`,
    got: names.slice(0, 12).join(', ') + others,
    hint,
  })
}

function isDescriptive(name: string): boolean {
  return matchNames(descriptive, name).length > 0
}
