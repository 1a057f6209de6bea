// What is held out in turn: each center, slide or patient by itself, or, where these are many, folds that they are dealt into
// by their names. Labels have no say in the deal, nor has the order of rows.

import { compareNames, compareText, groupRows, normaliseName, UsageError } from '../../base/index.ts'
import { nameSlides } from '../../evaluate/index.ts'
import { hashBytes } from '../../files/index.ts'
import type { EmbeddingTable } from './embeddingTable.ts'

/** What can be left out, and how it is called. */
export const leaveOutUnits = { center: 'centers', slide: 'slides', patient: 'patients' } as const
/** One of `leaveOutUnits`. */
export type LeaveOutUnit = keyof typeof leaveOutUnits

/** Rows that are held out together. */
export interface Part {
  /** Of a group alone its name, else `fold 1`, `fold 2`, ... */
  readonly name: string
  /** Names of its centers, slides or patients. */
  readonly groups: readonly string[]
  /** Rising. */
  readonly rows: Uint32Array
}

/** One part held out: no label of it is seen by what predicts it. */
export interface LeaveOutFold {
  readonly held: Part
  /** Heads are stopped, and choose, by it. */
  readonly stop: Part
  /** All others. */
  readonly train: readonly Part[]
}

/**
 * The name of each row's group; slides and patients of several centers under one name count as several. Throws UsageError where
 * a row has none.
 */
export function nameGroups(table: EmbeddingTable, unit: LeaveOutUnit): string[] {
  const named = table[leaveOutUnits[unit]]?.map(normaliseName) ?? []
  const unknown = table.ids.length - named.filter((name) => name !== null).length
  if (unknown > 0) {
    throw new UsageError({
      where: table.where,
      expected: `a ${unit} for every patch, since ${leaveOutUnits[unit]} are to be left out`,
      got: unknown === table.ids.length ? 'none' : `none for ${unknown} of ${table.ids.length}`,
      hint: `name them in a column ${unit}, or in the table of --labels`,
    })
  }
  return unit === 'center' ? (named as string[]) : [...nameSlides(named as string[], table.centers)!]
}

// Slides and patients, where nothing is said.
const usualFolds = 10

/**
 * The parts that rows, each of the group in `names`, are held out by: groups one by one, or dealt into `folds`, larger
 * groups first, each to the fold with the fewest rows. Throws UsageError where there are fewer than three groups, or than
 * `folds`.
 */
export function dealParts(names: readonly string[], unit: LeaveOutUnit, folds?: number): Part[] {
  const groups = collectRows(names)
  const plural = leaveOutUnits[unit]
  if (groups.length < 3) {
    throw new UsageError({
      where: `--leave-out ${unit}`,
      expected: `at least three ${plural}: one to hold out, one to stop training by, one to train on`,
      got: `${groups.length === 1 ? 'one' : 'two'} (${groups.map(({ name }) => name).join(', ')})`,
    })
  }
  if (folds !== undefined && folds > groups.length) {
    const expected = `at most ${groups.length}, the number of ${plural}`
    throw new UsageError({ where: 'option --folds', expected, got: `${folds}` })
  }
  const count = folds ?? (unit === 'center' ? groups.length : Math.min(groups.length, usualFolds))
  if (count === groups.length)
    return groups.map(({ name, rows }) => ({ name, groups: [name], rows: Uint32Array.from(rows) }))
  const hashes = new Map(groups.map(({ name }) => [name, hashBytes(name)]))
  const order = groups.toSorted(
    (a, b) => b.rows.length - a.rows.length || compareText(hashes.get(a.name)!, hashes.get(b.name)!),
  )
  const dealt = Array.from({ length: count }, () => ({ groups: [] as string[], rows: [] as number[] }))
  for (const { name, rows } of order) {
    const fold = dealt.reduce((least, other) => (other.rows.length < least.rows.length ? other : least))
    fold.groups.push(name)
    fold.rows.push(...rows)
  }
  return dealt.map((fold, i) => ({
    name: `fold ${i + 1}`,
    groups: fold.groups.sort(compareNames),
    rows: Uint32Array.from(fold.rows).sort(),
  }))
}

// By name.
function collectRows(names: readonly string[]): { readonly name: string; readonly rows: number[] }[] {
  return [...groupRows(names.keys(), (row) => names[row])]
    .map(([name, rows]) => ({ name, rows }))
    .sort((a, b) => compareNames(a.name, b.name) || compareText(a.name, b.name))
}

/**
 * Each part held out in turn. What stops its heads is the next part with patches of both classes that leaves both classes to
 * train on; the labels of the part that is held out have no say. Throws UsageError where there is none.
 */
export function planFolds(parts: readonly Part[], labels: Uint8Array): LeaveOutFold[] {
  const count = (part: Part) => {
    const tumour = part.rows.reduce((sum, row) => sum + labels[row], 0)
    return { tumour, normal: part.rows.length - tumour }
  }
  const counts = new Map(parts.map((part) => [part, count(part)]))
  const hasBoth = (some: readonly Part[]) =>
    (['tumour', 'normal'] as const).every((name) => some.some((part) => counts.get(part)![name] > 0))
  return parts.map((held, i) => {
    const others = [...parts.slice(i + 1), ...parts.slice(0, i)]
    const stop = others.find((part) => hasBoth([part]) && hasBoth(others.filter((other) => other !== part)))
    if (stop) return { held, stop, train: parts.filter((part) => part !== held && part !== stop) }
    throw new UsageError({
      where: `--leave-out, ${held.name} held out`,
      expected:
        'tumour and normal patches in another part, to stop training by, and in the rest, to train on',
      got: others.map((part) => describeCounts(part.name, counts.get(part)!)).join('; '),
      hint: 'leave out what holds both classes, or give fewer --folds',
    })
  })
}

const describeCounts = (name: string, { tumour, normal }: { tumour: number; normal: number }) =>
  `${name}: ${tumour} tumour, ${normal} normal`
