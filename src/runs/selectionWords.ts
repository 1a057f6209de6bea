// How sure the choice of a cell is, in words: for the terminal, the report and the model card alike.

import type { Selection } from '../evaluate/selection.ts'

// Names beyond these say little.
const namedAtMost = 4

/** One or two sentences; empty where there was nothing to choose among. */
export function describeCertainty(selection: Selection | undefined): string {
  if (!selection || selection.ranking.length < 2) return ''
  const { chosen, best, ranking } = selection
  const tied = ranking.filter((cell) => cell.tied && cell.id !== best).map(({ id }) => id)
  const others = ranking.length - 1
  const passed = chosen === best ? '' : ` ${best} is better by less than its standard error.`
  if (tied.length === 0)
    return `The choice is clear: each of the ${others} others is worse (p < .05 by Holm's method).${passed}`
  const named = tied.slice(0, namedAtMost).join(', ')
  const more = tied.length > namedAtMost ? ` and ${tied.length - namedAtMost} more` : ''
  const how = tied.length === others ? 'none' : `${others - tied.length}`
  return `The choice is not sure: of ${others} other ${others === 1 ? 'cell' : 'cells'}, ${how} can be told from the best (${best}) at p < .05 by Holm's method; tied: ${named}${more}.${passed}`
}
