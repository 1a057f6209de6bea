// The orders of names and ids. What results depend on is ordered by code units, which are the same everywhere; what people
// read is ordered as they count.

const { compare } = new Intl.Collator('en', { numeric: true })

/** Orders names as people do: `2` before `10`. Names that look alike may count as equal. */
export function compareNames(a: string, b: string): number {
  return compare(a, b)
}

/** Orders by code units. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `compareText` of what two rows have; 0 where nothing is known of any. */
export function compareRows(texts: readonly string[] | null | undefined, a: number, b: number): number {
  return texts ? compareText(texts[a], texts[b]) : 0
}

/**
 * Orders ids: runs of digits of any length by their value (`9` before `10`), all else by code units. Equal ids alone count
 * as equal.
 */
export function compareIds(a: string, b: string): number {
  const partsOfA = a.match(/\d+|\D+/g) ?? []
  const partsOfB = b.match(/\d+|\D+/g) ?? []
  for (let i = 0; i < Math.min(partsOfA.length, partsOfB.length); i++) {
    const difference = compareParts(partsOfA[i], partsOfB[i])
    if (difference) return difference
  }
  return partsOfA.length - partsOfB.length || compareText(a, b)
}

function compareParts(a: string, b: string): number {
  const digits = /^\d/
  if (!digits.test(a) || !digits.test(b)) return compareText(a, b)
  const [valueOfA, valueOfB] = [canonicalInteger(a), canonicalInteger(b)]
  return valueOfA.length - valueOfB.length || compareText(valueOfA, valueOfB)
}

/** An integer of any length without its leading zeros. */
export function canonicalInteger(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '')
}
