// What the splits of a study have in common, and the centers of a split that are held out in turn. Patches are compared by their pixels and looks, slides, patients and centers by
// the names that the files give them; a recipe's `center` counts where a file says none.

import { type Progress, RecipeError, silent } from '../base/index.ts'
import {
  compareSets,
  countShared,
  describeNear,
  describeWithin,
  findContained,
  isOverlap,
} from '../guards/index.ts'
import type { Recipe } from '../recipe/index.ts'
import type { Found, Overlap, Within } from '../runs/index.ts'
import type { Cache } from '../tasks/index.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { listComparisons, nameComparison, obtainComparison, readComparison } from './steps/compareSplits.ts'
import type { StudyObserver } from './study.ts'

// What of a split is compared.
type ComparedSplit = Pick<OpenSplit, 'split' | 'set' | 'content' | 'isCenterTold' | 'hashes'>

/** Who is told of a comparison, e.g. `train and val`. */
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
 * The overlaps of every two splits, and of the centers within those splits whose centers are held out in turn; what has nothing
 * in common is left out. Which patches look alike is found in the cache, or kept there. Throws RecipeError where all patches of
 * one split are in another, or all of one such center in another, under whatever path, ids or center: no figure of such a study
 * would mean anything. That the test split shares no center with another, `openSplits` has seen to.
 */
export async function findOverlaps(
  recipe: Pick<Recipe, 'protocol'>,
  cache: Cache,
  splits: OpenSplits,
  observe: CompareObserver = () => ({ progress: silent }),
): Promise<Pick<Found, 'overlaps' | 'within'>> {
  const overlaps: Overlap[] = []
  const within: { -readonly [Name in keyof Within]: Within[Name] } = {}
  for (const [a, b] of listComparisons(recipe, splits)) {
    const known = a === b ? null : compareSplits(a, b)
    const observer = observe(nameComparison(a.split, b.split))
    const entry = await obtainComparison(cache, a, b, observer.progress)
    observer.done?.(entry.cached)
    const found = await readComparison(entry)
    if (known) {
      const near = describeNear(a.set, b.set, found)
      overlaps.push(near ? { ...known, near } : known)
    } else {
      refuseSameCenters(a)
      within[a.split] = describeWithin(a.split, a, found)
    }
  }
  return { overlaps: overlaps.filter(isOverlap), ...(Object.keys(within).length > 0 && { within }) }
}

// One hospital under two names would be predicted by heads that were trained on it.
function refuseSameCenters(split: OpenSplit): void {
  const same = findContained(split)
  if (!same) return
  const { center, count, other } = same
  throw new RecipeError({
    where: `data.${split.split}`,
    expected: 'centers whose patches differ, to be held out in turn',
    got: `all ${count} patches of center ${center} are in center ${other} (${split.set.source})`,
    hint: 'leave one of them out with centers: [...]',
  })
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
