// What the splits of a study have in common. Patches are compared by their pixels, slides and centers by the names that the
// files give them; a recipe's `center` counts where a file says none.

import { RecipeError } from '../base/index.ts'
import type { Overlap, Split } from '../runs/record.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'

const pairs: readonly (readonly [Split, Split])[] = [
  ['train', 'val'],
  ['train', 'test'],
  ['val', 'test'],
]

// What of a split is compared.
type ComparedSplit = Pick<OpenSplit, 'split' | 'set' | 'content' | 'isCenterTold' | 'hashes'>

/**
 * The overlaps of every two splits; those that have nothing in common are left out. Throws RecipeError where all patches of
 * one split are in another, under whatever path, ids or center: no figure of such a study would mean anything. That the
 * test split shares no center with another, `openSplits` has seen to.
 */
export function findOverlaps(splits: OpenSplits): Overlap[] {
  const found = pairs.flatMap(([a, b]) => {
    const [first, second] = [splits[a], splits[b]]
    return first && second ? [compareSplits(first, second)] : []
  })
  return found.filter(({ patches, slides, centers }) => patches.count + slides.length + centers.length > 0)
}

function compareSplits(a: ComparedSplit, b: ComparedSplit): Overlap {
  const inA = countShared(a, b)
  const inB = countShared(b, a)
  if (inA === b.set.count) throw containedError(b, a)
  if (inB === a.set.count) throw containedError(a, b)
  const contradicting = inA > 0 ? countContradicting(a, b) : 0
  return {
    splits: [a.split, b.split],
    patches: { count: inA, of: b.set.count, ...(contradicting > 0 && { contradicting }) },
    slides: intersect(slidesOf(a, b), slidesOf(b, a)),
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

// A slide's number is often counted anew in each center. Each name once.
function slidesOf(split: ComparedSplit, other: ComparedSplit): Iterable<string> | null {
  const centers = centersOf(split, other)
  const { slides } = split.set
  if (slides === null || centers === null) return slides
  const byCenter = new Map<string, Set<string>>()
  for (const [row, slide] of slides.entries()) {
    const own = byCenter.get(centers[row])
    if (own) own.add(slide)
    else byCenter.set(centers[row], new Set([slide]))
  }
  return [...byCenter].flatMap(([center, own]) => Array.from(own, (slide) => `${center}/${slide}`))
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
