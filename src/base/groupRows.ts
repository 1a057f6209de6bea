// Rows by what they share: a center, a slide, a patient.

/** Rows by the name of each, names in the order in which they first appear, rows of each in the order given. */
export function groupRows<Name>(rows: Iterable<number>, nameOf: (row: number) => Name): Map<Name, number[]> {
  const groups = new Map<Name, number[]>()
  for (const row of rows) {
    const name = nameOf(row)
    const known = groups.get(name)
    if (known) known.push(row)
    else groups.set(name, [row])
  }
  return groups
}
