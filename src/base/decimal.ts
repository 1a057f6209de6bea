// Numbers as people and programs write them in tables, options and headers.

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/**
 * The decimal number that `text` is, blanks around it left out of account; undefined where it is none: an empty or
 * blank text, `0x10`, `1,5`, `1_000`, `NaN`, `Infinity`, or more than a double holds. `Number(text)` reads the
 * first two as 0 and 16.
 */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim()
  const value = decimal.test(trimmed) ? Number(trimmed) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}
