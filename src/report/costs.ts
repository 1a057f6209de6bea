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
 * Seconds over the stain, embed, classify and evaluate stages that a cell rests on, shared ones included;
 * `cached` where any of them came out of the cache. null where nothing was timed for the cell.
 */
export function costCell(
  cell: Cell,
  timings: readonly StageTiming[],
): { seconds: number; cached: boolean } | null {
  const paths: Readonly<Record<string, readonly string[]>> = {
    stain: [cell.stain],
    embed: embedPaths(cell),
    classify: [cell.id],
    evaluate: [cell.id],
  }
  const own = timings.filter(({ stage }) => {
    const { word, what } = splitStage(stage)
    return Object.hasOwn(paths, word) && paths[word].some((path) => isBelow(what, path))
  })
  if (!own.length) return null
  return {
    seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
    cached: own.some(({ cached }) => cached),
  }
}
