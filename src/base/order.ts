// The order of names.

const { compare } = new Intl.Collator('en', { numeric: true })

/** Orders names as people do: `2` before `10`. Names that look alike may count as equal. */
export function compareNames(a: string, b: string): number {
  return compare(a, b)
}
