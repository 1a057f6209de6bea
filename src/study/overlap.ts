// What the splits of a study have in common. Patches are compared by their pixels, slides and centers by name, and all of it
// as the files have it, before a recipe's `center` gives them another name.

import { RecipeError } from '../base/index.ts'
import type { Overlap, Split } from '../runs/record.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'

const pairs: readonly (readonly [Split, Split])[] = [
  ['train', 'val'],
  ['train', 'test'],
  ['val', 'test'],
]

/** What of a split is compared. */
export type ComparedSplit = Pick<OpenSplit, 'split' | 'set' | 'content' | 'ownCenters' | 'hashes'>

/**
 * The overlaps of every two splits; those that have nothing in common are left out. Throws RecipeError where all patches of
 * one split are in another, under whatever path, ids or center, and where the test split shares a center of its file with
 * another split: no figure of such a study would mean anything.
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
  const centers = intersect(centersOf(a, b), centersOf(b, a))
  if (centers.length > 0 && b.split === 'test') throw centerError(a, b, centers)
  return {
    splits: [a.split, b.split],
    patches: { count: inA, of: b.set.count },
    slides: intersect(slidesOf(a, b), slidesOf(b, a)),
    centers,
  }
}

// How many patches of `b` have the pixels of one of `a`.
function countShared(a: ComparedSplit, b: ComparedSplit): number {
  const known = new Set(a.hashes)
  return b.hashes.reduce((count, hash) => count + Number(known.has(hash)), 0)
}

// Within one file names mean what they mean there; between files, what the recipe calls them.
function centersOf(split: ComparedSplit, other: ComparedSplit): readonly string[] | null {
  return split.content === other.content ? split.ownCenters : split.set.centers
}

// A slide's number is often counted anew in each center.
function slidesOf(split: ComparedSplit, other: ComparedSplit): readonly string[] | null {
  const centers = centersOf(split, other)
  const { slides } = split.set
  if (slides === null || centers === null) return slides
  return slides.map((slide, row) => `${centers[row]}/${slide}`)
}

function intersect(a: readonly string[] | null, b: readonly string[] | null): string[] {
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

function centerError(seen: ComparedSplit, test: ComparedSplit, centers: readonly string[]): RecipeError {
  return new RecipeError({
    where: 'data',
    expected: `a test center that ${seen.split} does not hold`,
    got: `center ${centers.join(', ')} of ${test.set.source} in both`,
    hint: 'use centers: [...] to tell them apart',
  })
}
