// Names of hospitals, slides and columns, as files, recipes and people spell them.

// What pandas, R and people write where a value is missing.
const missing = ['', '?', 'nan', 'na', 'n/a', '<na>', 'null', 'none']

/**
 * The name of a center or slide as Eosin uses it: without blanks around it, whole numbers without leading zeros and
 * decimals (`02` and `2.0` are `2`). Null where the word says that it is missing (empty, `nan`, `NA`, `null` ...).
 */
export function normaliseName(word: string | number): string | null {
  const text = String(word).trim()
  if (missing.includes(text.toLowerCase())) return null
  const whole = /^\+?0*(\d+)(\.0*)?$/.exec(text)
  return whole ? whole[1] : text
}

/** Those of `names` that mean `name`: it alone where it is among them, else all that are it but for capitals and blanks around it. */
export function matchNames(names: readonly string[], name: string): readonly string[] {
  const plain = (text: string) => text.trim().toLowerCase()
  return names.includes(name) ? [name] : names.filter((other) => plain(other) === plain(name))
}
