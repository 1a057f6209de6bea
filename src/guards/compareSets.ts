// What two patch sets have in common: patches by a hash of their pixels, slides, patients and centers by the names that their
// files give them.

import type { PatchSet } from '../patches/browser.ts'
import type { NearDuplicates } from './describeNear.ts'

/** What two sets have in common, by their names. */
export interface SetOverlap<Name extends string = string> {
  readonly splits: readonly [Name, Name]
  /**
   * Patches of the second set with the same pixels as one of the first, of how many; `contradicting` of them have the
   * other label in the first, which is not there where none has.
   */
  readonly patches: { readonly count: number; readonly of: number; readonly contradicting?: number }
  /** Patches of the second set that look like one of the first without being it to the byte; not there where none does. */
  readonly near?: NearDuplicates
  /** Slides in both, as `center/slide` where centers are known. */
  readonly slides: readonly string[]
  /** Patients in both, as `center/patient` where centers are known; not there where there are none, or they are not known. */
  readonly patients?: readonly string[]
  /** Centers in both. */
  readonly centers: readonly string[]
}

/** A set by its name, as far as it is compared. */
export interface NamedSet<Name extends string = string> {
  readonly name: Name
  readonly set: Pick<PatchSet, 'count' | 'labels' | 'centers' | 'slides' | 'patients'>
  /** 64 bits of a hash of the pixels of each row. */
  readonly hashes: BigUint64Array
}

/** Compares two sets, but not by the looks of their patches. */
export function compareSets<Name extends string>(a: NamedSet<Name>, b: NamedSet<Name>): SetOverlap<Name> {
  const count = countShared(a, b)
  const contradicting = count > 0 ? countContradicting(a, b) : 0
  const patients = intersect(namesOf(a.set, 'patients'), namesOf(b.set, 'patients'))
  return {
    splits: [a.name, b.name],
    patches: { count, of: b.set.count, ...(contradicting > 0 && { contradicting }) },
    slides: intersect(namesOf(a.set, 'slides'), namesOf(b.set, 'slides')),
    ...(patients.length > 0 && { patients }),
    centers: intersect(a.set.centers, b.set.centers),
  }
}

/** Whether two sets have anything in common. */
export function isOverlap({ patches, near, slides, patients, centers }: SetOverlap): boolean {
  return patches.count + slides.length + centers.length > 0 || near !== undefined || patients !== undefined
}

/** How many patches of `b` have the pixels of one of `a`. */
export function countShared(a: Pick<NamedSet, 'hashes'>, b: Pick<NamedSet, 'hashes'>): number {
  return countKnown(sortHashes(a.hashes), sortHashes(b.hashes))
}

// How many patches of `b` have the pixels of one of `a` that has the other label.
function countContradicting(a: NamedSet, b: NamedSet): number {
  const [labelsA, labelsB] = [a.set.labels, b.set.labels]
  if (!labelsA || !labelsB) return 0
  return [0, 1].reduce((sum, label) => {
    const ofA = a.hashes.filter((_, row) => labelsA[row] === 1 - label)
    const ofB = b.hashes.filter((_, row) => labelsB[row] === label)
    return sum + countKnown(ofA.sort(), ofB.sort())
  }, 0)
}

const sorted = new WeakMap<BigUint64Array, BigUint64Array>()

// Each set is compared with several others.
function sortHashes(hashes: BigUint64Array): BigUint64Array {
  const known = sorted.get(hashes) ?? hashes.toSorted()
  sorted.set(hashes, known)
  return known
}

// How many of `b` are in `a`, both ascending: one walk along both, as a set of 100,000 such numbers takes long to make.
function countKnown(a: BigUint64Array, b: BigUint64Array): number {
  let at = 0
  let count = 0
  for (const hash of b) {
    while (at < a.length && a[at] < hash) at++
    if (a[at] === hash) count++
  }
  return count
}

// Numbers of slides and patients are often counted anew in each center. Each name once; `?` names none.
function namesOf({ centers, ...set }: NamedSet['set'], what: 'slides' | 'patients'): Iterable<string> {
  const names = set[what] ?? []
  if (centers === null) return names.filter((name) => name !== '?')
  const byCenter = new Map<string, Set<string>>()
  for (const [row, name] of names.entries()) {
    if (name === '?') continue
    const own = byCenter.get(centers[row])
    if (own) own.add(name)
    else byCenter.set(centers[row], new Set([name]))
  }
  return [...byCenter].flatMap(([center, own]) => Array.from(own, (name) => `${center}/${name}`))
}

function intersect(a: Iterable<string> | null, b: Iterable<string> | null): string[] {
  const known = new Set(a ?? [])
  return [...new Set(b ?? [])].filter((name) => known.has(name)).sort()
}
