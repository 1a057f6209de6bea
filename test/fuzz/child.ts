// One process that reads damaged files, case after case. It says of each what came of it; should it hang or die, the
// parent finds the case's number in a file.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EosinError } from '../../src/base/index.ts'
import { oddityOf } from './clean.ts'
import { mutate } from './mutate.ts'
import { targetOf } from './targets.ts'

/** What a child is told. */
export interface Task {
  readonly format: string
  readonly folder: string
  readonly seed: number
  readonly first: number
  readonly end: number
  /** The most memory, in MB, that the process may have come to. */
  readonly memory: number
}

/** What it answers, case by case. */
export interface Answer {
  readonly number: number
  /** Values were read, an error of Eosin's was thrown, or whatever else happened, which is a fault. */
  readonly outcome: 'values' | 'error' | 'fault'
  readonly problem?: string
}

process.once('message', (task: Task) => {
  run(task).then(
    () => process.disconnect(),
    (cause: unknown) => {
      console.error(cause)
      process.exit(1)
    },
  )
})

async function run({ format, folder, seed, first, end, memory }: Task): Promise<void> {
  const target = targetOf(format)
  mkdirSync(folder, { recursive: true })
  const seeds = await target.seeds(folder)
  for (let number = first; number < end; number++) {
    const bytes = mutate(format, seeds, target.isText ?? false, seed, number)
    if (number % 2 === 0) target.repair?.(bytes)
    // A name of its own: nothing may remember another case's file.
    const path = join(folder, `${number}.${target.extension}`)
    writeFileSync(path, bytes)
    writeFileSync(join(folder, 'case'), String(number))
    const answer = await attempt(() => target.read(path))
    const used = Math.round(process.resourceUsage().maxRSS / 1024)
    const isGreedy = used > memory
    const problem = isGreedy ? `came to ${used} MB of memory` : answer.problem
    const said: Answer = { number, outcome: isGreedy ? 'fault' : answer.outcome, problem }
    process.send!(said)
    if (said.outcome !== 'fault') rmSync(path)
    if (isGreedy) return // its high-water mark does not sink: another process goes on
  }
}

async function attempt(work: () => Promise<void>): Promise<Omit<Answer, 'number'>> {
  try {
    await work()
    return { outcome: 'values' }
  } catch (cause) {
    const error = cause as Error
    if (!(cause instanceof EosinError)) return { outcome: 'fault', problem: error?.stack ?? String(cause) }
    const problem = oddityOf(error.message)
    return { outcome: problem ? 'fault' : 'error', problem }
  }
}
