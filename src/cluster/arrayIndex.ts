// Which index of an array job this process is, as the engine that started it says in the environment.

import { UsageError } from '../base/index.ts'

// Each engine's variable and the index from which it counts. PBS counts from where one asks it to (`-J 0-9`), taken as 0.
// SGE says `undefined` and LSF 0 where there is no array.
const engines = [
  { variable: 'SLURM_ARRAY_TASK_ID', first: 0 },
  { variable: 'JOB_COMPLETION_INDEX', first: 0 },
  { variable: 'AWS_BATCH_JOB_ARRAY_INDEX', first: 0 },
  { variable: 'PBS_ARRAY_INDEX', first: 0 },
  { variable: 'SGE_TASK_ID', first: 1, none: 'undefined' },
  { variable: 'LSB_JOBINDEX', first: 1, none: '0' },
] as const

const own = 'EOSIN_TASK_INDEX'

/** The variables that are looked at, the one that decides alone where it is set first. */
export const indexVariables: readonly string[] = [own, ...engines.map(({ variable }) => variable)]

/**
 * The index of this worker, from 0. EOSIN_TASK_INDEX decides where it is set, else what the engine sets; engines that count
 * from 1 (SGE, LSF) are counted from 0. Throws UsageError where none is set, where it is no whole number, and where two
 * engines say different ones.
 */
export function readArrayIndex(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): number {
  const given = environment[own]
  if (given !== undefined && given !== '') return parse(own, given, 0)
  const found = engines.flatMap((engine) => {
    const text = environment[engine.variable]
    const isSet = text !== undefined && text !== '' && !('none' in engine && text === engine.none)
    return isSet ? [{ ...engine, index: parse(engine.variable, text, engine.first) }] : []
  })
  if (found.length === 0)
    throw new UsageError({
      where: 'environment',
      expected: `the index of an array job in one of ${indexVariables.join(', ')}`,
      got: 'none of them',
      hint: `start it in an array job, or with ${own}=0 for the first lot`,
    })
  if (new Set(found.map(({ index }) => index)).size > 1)
    throw new UsageError({
      where: 'environment',
      expected: 'one index',
      got: found.map(({ variable }) => `${variable}=${environment[variable]}`).join(' and '),
      hint: `say which is meant with ${own}, counted from 0`,
    })
  return found[0].index
}

function parse(variable: string, text: string, first: number): number {
  const index = /^\d{1,15}$/.test(text) ? Number(text) - first : -1
  if (index >= 0) return index
  throw new UsageError({ where: variable, expected: `a whole number from ${first}`, got: `'${text}'` })
}
