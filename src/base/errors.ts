// Eosin's tagged errors. Every message reads `where: expected, got; what to do`.
// Only the command line prints one or exits: `exitCode` says how (2 usage and recipe, 3 a study that is not complete, 1 any other failure).

import { parseDecimal } from './decimal.ts'

/** What an error says, in the order it is printed; each part is printed on one line, cut to some 500 characters. */
export interface ErrorParts {
  /** The file, key, tensor or op concerned, e.g. `train.h5/17/img`. */
  where: string
  /** What would have been right, e.g. `3x96x96`. */
  expected?: string
  /** What was there instead. */
  got?: string
  /** What the reader can do about it. */
  hint?: string
}

// The longest that a part is printed: names, values and messages of libraries come from files, at any length.
const longestPart = 500

/** A text from a file as it may be printed: line breaks and control characters as spaces, a long one without its middle. */
export function clipText(text: string): string {
  const ends = text.length > 4 * longestPart ? text.slice(0, longestPart) + text.slice(-longestPart) : text
  const line = ends.replaceAll(/[\s\p{Cc}]+/gu, ' ')
  const isWhole = ends === text && line.length <= longestPart
  return isWhole ? line : `${line.slice(0, longestPart - 100)} ... ${line.slice(-90)}`
}

function clipParts(parts: ErrorParts): ErrorParts {
  return Object.fromEntries(
    Object.entries(parts).map(([name, text]) => [name, text && clipText(String(text))]),
  ) as unknown as ErrorParts
}

function formatParts({ where, expected, got, hint }: ErrorParts): string {
  const said = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ')
  return [said ? `${where}: ${said}` : where, hint].filter(Boolean).join('; ')
}

/** The root of all errors that Eosin raises on purpose. */
export class EosinError extends Error {
  readonly exitCode: 1 | 2 | 3 = 1
  /** As they are printed: on one line, long ones without their middle. */
  readonly parts: ErrorParts
  constructor(parts: ErrorParts, cause?: unknown) {
    const clipped = clipParts(parts)
    super(formatParts(clipped), cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.parts = clipped
  }
}

/** Two shapes that do not fit; raised when an op is written, not when it runs. */
export class ShapeError extends EosinError {}

/** Input data (a file, a patch, a table) that is missing, damaged or not what it should be. */
export class DataError extends EosinError {}

/** A checkpoint whose tensors do not match the model. */
export class WeightsError extends EosinError {}

/** A computation that ONNX Runtime, or a cluster, could not set up or run. */
export class EngineError extends EosinError {}

/** A recipe that cannot be carried out as written. */
export class RecipeError extends EosinError {
  override readonly exitCode = 2
}

/** A command line that cannot be carried out as written. */
export class UsageError extends EosinError {
  override readonly exitCode = 2
}

/** A name outside a closed list: the message lists the list and suggests the nearest. */
export class UnknownNameError extends EosinError {
  override readonly exitCode = 2
  constructor(where: string, got: string, valid: readonly string[]) {
    const near = nearestName(got, valid)
    super({
      where,
      expected: valid.length > 0 ? `one of ${valid.join(', ')}` : 'none, as there are none to choose',
      got: `'${got}'`,
      hint: near && `did you mean '${near}'?`,
    })
  }
}

/** The entry of `table` called `name`; throws UnknownNameError with the table's keys. */
export function pickNamed<T>(where: string, table: Readonly<Record<string, T>>, name: string): T {
  if (!Object.hasOwn(table, name)) throw new UnknownNameError(where, name, Object.keys(table))
  return table[name]
}

/** The valid name closest to `got` by edit distance, or undefined when none is close. A number is no misspelt name. */
export function nearestName(got: string, valid: readonly string[]): string | undefined {
  if (parseDecimal(got) !== undefined) return undefined
  let best: string | undefined
  let bestDistance = Math.max(3, Math.floor(got.length / 2) + 1)
  for (const name of valid) {
    const distance = editDistance(got.toLowerCase(), name.toLowerCase())
    const isAlike = distance < Math.max(got.length, name.length) // else no character is where it was
    if (isAlike && distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}
