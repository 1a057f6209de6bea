// What a cell cost: the stages it rests on, found by the names that the study gives its timings.

import type { Cell, StageTiming } from './data.ts'

/** A stage's word and what it worked on, e.g. `embed` and `macenko/texture/train`. */
export function splitStage(stage: string): { readonly word: string; readonly what: string } {
  const space = stage.indexOf(' ')
  return space < 0 ? { word: stage, what: '' } : { word: stage.slice(0, space), what: stage.slice(space + 1) }
}

/** What a cell's embeddings are called in the timings: val and test are shared, augmented train is its own. */
export function embedPaths({ stain, augment, embed }: Cell): readonly string[] {
  const shared = `${stain}/${embed}`
  if (augment === 'none') return [shared]
  return [`${stain}/${augment}/${embed} train`, `${shared} val`, `${shared} test`]
}

/** Whether a stage's `what` is `path` or a part of it. */
export function isBelow(what: string, path: string): boolean {
  return what.startsWith(path) && /^([/ ]|$)/.test(what.slice(path.length))
}

/**
 * Seconds over the stain, embed, classify and evaluate stages that a cell rests on, shared ones included, of an ensemble those
 * of its members among `cells`; `cached` where any of them came out of the cache. null where nothing was timed for it.
 */
export function costCell(
  cell: Cell,
  timings: readonly StageTiming[],
  cells: readonly Cell[] = [],
): { seconds: number; cached: boolean } | null {
  const members = cells.filter(({ id }) => cell.members?.includes(id))
  const paths = [cell, ...members].map(listPaths)
  const own = timings.filter(({ stage }) => {
    const { word, what } = splitStage(stage)
    return paths.some((of) => Object.hasOwn(of, word) && of[word].some((path) => isBelow(what, path)))
  })
  if (!own.length) return null
  return {
    seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
    cached: own.some(({ cached }) => cached),
  }
}

// What a cell rests on, by the word of the stage.
function listPaths(cell: Cell): Readonly<Record<string, readonly string[]>> {
  const own = { classify: [cell.id], evaluate: [cell.id] }
  return cell.members ? own : { ...own, stain: [cell.stain], embed: embedPaths(cell) }
}
