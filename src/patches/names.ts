// How files name things: labels in words, centers and slides as text or numbers, parts of a data set. One hospital is
// one center however a file spells its number, and what is missing is no center of its own.

import { normaliseName, parseDecimal, UsageError } from '../base/index.ts'
import type { Fault } from './reader.ts'

/** Labels by word, in small letters. */
export type LabelNames = Readonly<Record<string, 0 | 1>>

/** The words for labels that are known everywhere: 0 and 1 in any spelling count too. */
export const labelNames: LabelNames = {
  normal: 0,
  tumor: 1,
  tumour: 1,
  benign: 0,
  malignant: 1,
  negative: 0,
  positive: 1,
  false: 0, // as pandas writes booleans
  true: 1,
}

/** Names of parts by word: what image folders and tables call them, and what `part` may be. */
export const partNames: Readonly<Record<string, 'train' | 'val' | 'test'>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
}

/** Whether a number is a label, and which: `0` normal, `1` tumour; undefined otherwise. */
export function parseLabel(word: string | number): 0 | 1 | undefined {
  const value = typeof word === 'number' ? word : parseDecimal(word)
  return value === 0 || value === 1 ? value : undefined
}

/** Whether a word is a label, and which: by `names`, the words known everywhere, or as a number. */
export function readLabel(word: string, names: LabelNames = {}): 0 | 1 | undefined {
  const plain = word.trim().toLowerCase()
  const table = Object.hasOwn(names, plain) ? names : labelNames
  return Object.hasOwn(table, plain) ? table[plain] : parseLabel(word)
}

/** Labels of patches; undefined ones become 0 and a fault. Null where no patch has one. */
export function readLabels(
  words: readonly (string | null)[],
  ids: readonly string[],
  names: LabelNames,
  faults: Fault[],
): Uint8Array | null {
  if (words.every((word) => !word?.trim())) return null
  return Uint8Array.from(words, (word, row) => {
    const value = word === null ? undefined : readLabel(word, names)
    if (value === undefined) faults.push({ id: ids[row], problem: describeLabelFault(word) })
    return value ?? 0
  })
}

function describeLabelFault(word: string | null): string {
  if (!word?.trim()) return 'no label where others have one'
  const way = /^[a-z]/i.test(word.trim()) ? ` (--label-names ${word.trim()}=0 or =1 says which)` : ''
  return `label '${word}', not 0 or 1${way}`
}

/**
 * Names of the patches' centers, slides or patients (`what`), normalised; null where no patch has one. Where others have one, a
 * patch without one is `?`: a fault for a center, since it would be a hospital of its own. So is a fraction.
 */
export function readNames(
  what: 'center' | 'slide' | 'patient',
  words: readonly (string | number | null)[],
  ids: readonly string[],
  faults: Fault[],
): readonly string[] | null {
  const names = words.map((word) => (word === null ? null : normaliseName(word)))
  if (names.every((name) => name === null)) return null
  return names.map((name, row) => {
    const number = name === null ? undefined : parseDecimal(name)
    const problem =
      name === null && what === 'center'
        ? 'no center where others have one'
        : number !== undefined && !Number.isInteger(number)
          ? `${what} '${name}', neither a name nor a whole number`
          : undefined
    if (problem) faults.push({ id: ids[row], problem })
    return problem || name === null ? '?' : name
  })
}

/** How many patches each part has; null where no patch is in one. */
export function countParts(words: readonly (string | undefined)[]): Record<string, number> | null {
  const counts: Record<string, number> = {}
  for (const word of words) if (word !== undefined) counts[word] = (counts[word] ?? 0) + 1
  return Object.keys(counts).length > 0 ? counts : null
}

/** Checks `labelNames` of an option or a recipe. Throws UsageError at `where` for a value that is no label. */
export function parseLabelNames(where: string, given: Readonly<Record<string, unknown>>): LabelNames {
  const entries = Object.entries(given).map(([word, value]) => {
    const label = parseLabel(String(value))
    if (label === undefined)
      throw new UsageError({ where: `${where} ${word}`, expected: '0 or 1', got: `'${value}'` })
    return [word.trim().toLowerCase(), label] as const
  })
  return Object.fromEntries(entries)
}
