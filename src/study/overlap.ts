// What the splits of a study have in common. Patches are compared by their pixels and looks, slides, patients and centers by
// the names that the files give them; a recipe's `center` counts where a file says none.

import { type Progress, RecipeError, silent } from '../base/index.ts'
import { compareSets, countShared, describeNear, isOverlap } from '../guards/index.ts'
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
  return overlaps.filter(isOverlap)
}

function compareSplits(a: ComparedSplit, b: ComparedSplit): Overlap {
  if (countShared(a, b) === b.set.count) throw containedError(b, a)
  if (countShared(b, a) === a.set.count) throw containedError(a, b)
  const compared = (split: ComparedSplit, other: ComparedSplit) => ({
    name: split.split,
    set: { ...split.set, centers: centersOf(split, other) },
    hashes: split.hashes,
  })
  return compareSets(compared(a, b), compared(b, a))
}

// A recipe tells the center only of files that do not; what it tells of one file twice does not part that file's slides.
function centersOf(split: ComparedSplit, other: ComparedSplit): readonly string[] | null {
  return split.isCenterTold && split.content === other.content ? null : split.set.centers
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
