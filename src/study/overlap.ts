// What the splits of a study have in common. Patches are compared by their pixels and looks, slides, patients and centers by
// the names that the files give them; a recipe's `center` counts where a file says none.

import { type Progress, RecipeError, silent } from '../base/index.ts'
import { describeNear } from '../guards/index.ts'
import type { Overlap } from '../runs/record.ts'
import type { Cache } from '../tasks/index.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { obtainComparison, pairSplits, readComparison } from './steps/compareSplits.ts'
import type { StudyObserver } from './study.ts'

// What of a split is compared.
type ComparedSplit = Pick<OpenSplit, 'split' | 'set' | 'content' | 'isCenterTold' | 'hashes'>

/** Who is told of the comparison of two splits, e.g. `train and val`. */
export type CompareObserver = (what: string) => {
  readonly progress: Progress
  done?(isCached: boolean): void
}

/** Tells the observer of a study of each comparison, as a step. */
export function observeComparing(observer: StudyObserver): CompareObserver {
  return (what) => {
    const step = observer.step('overlap', what)
    return { progress: step.progress, done: (isCached) => step.end(isCached) }
  }
}

/**
 * The overlaps of every two splits; those that have nothing in common are left out. Which patches look alike is found in the
 * cache, or kept there. Throws RecipeError where all patches of one split are in another, under whatever path, ids or center:
 * no figure of such a study would mean anything. That the test split shares no center with another, `openSplits` has seen to.
 */
export async function findOverlaps(
  cache: Cache,
  splits: OpenSplits,
  observe: CompareObserver = () => ({ progress: silent }),
): Promise<Overlap[]> {
  const overlaps: Overlap[] = []
  for (const [a, b] of pairSplits(splits)) {
    const known = compareSplits(a, b)
    const observer = observe(`${a.split} and ${b.split}`)
    const entry = await obtainComparison(cache, a, b, observer.progress)
    observer.done?.(entry.cached)
    const near = describeNear(a.set, b.set, await readComparison(entry))
    overlaps.push(near ? { ...known, near } : known)
  }
  return overlaps.filter(
    ({ patches, near, slides, patients, centers }) =>
      patches.count + slides.length + centers.length > 0 || near || patients,
  )
}

function compareSplits(a: ComparedSplit, b: ComparedSplit): Overlap {
  const inA = countShared(a, b)
  const inB = countShared(b, a)
  if (inA === b.set.count) throw containedError(b, a)
  if (inB === a.set.count) throw containedError(a, b)
  const contradicting = inA > 0 ? countContradicting(a, b) : 0
  const patients = intersect(namesOf(a, b, 'patients'), namesOf(b, a, 'patients'))
  return {
    splits: [a.split, b.split],
    patches: { count: inA, of: b.set.count, ...(contradicting > 0 && { contradicting }) },
    slides: intersect(namesOf(a, b, 'slides'), namesOf(b, a, 'slides')),
    ...(patients.length > 0 && { patients }),
    centers: intersect(centersOf(a, b), centersOf(b, a)),
  }
}

// How many patches of `b` have the pixels of one of `a`.
function countShared(a: ComparedSplit, b: ComparedSplit): number {
  return countKnown(sortHashes(a.hashes), sortHashes(b.hashes))
}

// How many patches of `b` have the pixels of one of `a` that has the other label.
function countContradicting(a: ComparedSplit, b: ComparedSplit): number {
  const [labelsA, labelsB] = [a.set.labels, b.set.labels]
  if (!labelsA || !labelsB) return 0
  return [0, 1].reduce((sum, label) => {
    const ofA = a.hashes.filter((_, row) => labelsA[row] === 1 - label)
    const ofB = b.hashes.filter((_, row) => labelsB[row] === label)
    return sum + countKnown(ofA.sort(), ofB.sort())
  }, 0)
}

const sorted = new WeakMap<BigUint64Array, BigUint64Array>()

// Each split is compared with two others.
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

// A recipe tells the center only of files that do not; what it tells of one file twice does not part that file's slides.
function centersOf(split: ComparedSplit, other: ComparedSplit): readonly string[] | null {
  return split.isCenterTold && split.content === other.content ? null : split.set.centers
}

// Numbers of slides and patients are often counted anew in each center. Each name once; `?` names none.
function namesOf(split: ComparedSplit, other: ComparedSplit, what: 'slides' | 'patients'): Iterable<string> {
  const centers = centersOf(split, other)
  const names = split.set[what] ?? []
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

function containedError(part: ComparedSplit, whole: ComparedSplit): RecipeError {
  const isSame = part.set.count === whole.set.count
  const copies = `all ${part.set.count} patches of ${part.split} are in ${whole.split}`
  return new RecipeError({
    where: 'data',
    expected: `patches in ${part.split} that ${whole.split} does not hold`,
    got: `${isSame ? `the same set twice: ` : ''}${copies} (${part.set.source}, ${whole.set.source})`,
    hint: 'give each split patches of its own: another file, another part, or centers: [...]',
  })
}
