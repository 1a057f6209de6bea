// What a cell cost: the stages it rests on, found by the names that the study gives its timings.

import type { Cell, StageTiming } from './data.ts'

/** A stage's word and what it worked on, e.g. `embed` and `macenko/texture/train`. */
export function splitStage(stage: string): { readonly word: string; readonly what: string } {
  const space = stage.indexOf(' ')
  return space < 0 ? { word: stage, what: '' } : { word: stage.slice(0, space), what: stage.slice(space + 1) }
}

/**
 * Seconds over the stain, embed, classify and evaluate stages that a cell rests on, shared ones included;
 * `cached` where any of them came out of the cache. null where nothing was timed for the cell.
 */
export function costCell(
  cell: Cell,
  timings: readonly StageTiming[],
): { seconds: number; cached: boolean } | null {
  const paths: Readonly<Record<string, string>> = {
    stain: cell.stain,
    embed: `${cell.stain}/${cell.embed}`,
    classify: `${cell.stain}/${cell.embed}/${cell.classify}`,
    evaluate: `${cell.stain}/${cell.embed}/${cell.classify}`,
  }
  const own = timings.filter(({ stage }) => {
    const { word, what } = splitStage(stage)
    const path = Object.hasOwn(paths, word) ? paths[word] : null
    return path !== null && /^([/ ]|$)/.test(what.startsWith(path) ? what.slice(path.length) : '-')
  })
  if (!own.length) return null
  return {
    seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
    cached: own.some(({ cached }) => cached),
  }
}
