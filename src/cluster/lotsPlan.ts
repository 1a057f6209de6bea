// A study for an engine that Eosin does not speak to: its lists of lots, and what each index of an array job calls.

import { type ClusterPlan, planWaves } from './plan.ts'
import { type ClusterStudy, checkStudy, quoteWord, quoteWords } from './waves.ts'

/**
 * The lists of lots of a study, and commands that do them here one after the other: an engine does the indices of one line at the
 * same time, and its lines in this order. Throws UsageError where a word cannot stand in a command.
 */
export function planLots(study: ClusterStudy): ClusterPlan {
  checkStudy(study)
  const waves = planWaves(study, Number.MAX_SAFE_INTEGER)
  const commands = waves.map(({ lots, lotsFile }) => {
    const call = `${quoteWords([...study.command, ...study.worker])} ${quoteWord(lotsFile.path)}`
    return `for i in $(seq 0 ${lots.length - 1}); do EOSIN_TASK_INDEX=$i ${call}; done`
  })
  return {
    files: waves.map(({ lotsFile }) => lotsFile),
    commands: [...commands, quoteWords([...study.command, ...study.finish])],
  }
}
