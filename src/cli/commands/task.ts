// eosin task: does single tasks of a study, for whoever starts processes on its own: an array job, a queue, a person.

import type { Command } from 'commander'
import { UsageError } from '../../base/index.ts'
import { addExamples, jsonOption, markResumable, printResult, threadsOption } from '../command.ts'
import { observeOnTerminal, red } from '../terminal.ts'

interface TaskOptions {
  readonly study: string
  readonly lots?: string
  readonly threads?: number
  readonly json?: boolean
}

export function addTask(program: Command): void {
  const task = program.command('task').description('single tasks of a study')
  const run = task
    .command('run')
    .argument('[keys...]', 'keys of tasks, as eosin study plan --json names them')
    .description('do tasks of a study; what they need must be there')
    .requiredOption('--study <run>', 'the run folder that eosin study run began, or its study.json')
    .option('--lots <file>', "a list of lots; this process does the one of its array job's index")
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(runTasks)
  markResumable(run)
  addExamples(
    run,
    'eosin task run 0f3a5c0e9d1b4a7f8c2d6e5b4a392817 --study runs/challenge',
    'eosin task run --study runs/challenge --lots runs/challenge/cluster/2-embed.lots.json',
  )
}

async function runTasks(keys: readonly string[], options: TaskOptions): Promise<void> {
  const { doTasks } = await import('../../study/index.ts')
  const observer = observeOnTerminal()
  const result = await doTasks(options.study, await chooseKeys(keys, options), {
    threads: options.threads,
    observer,
  })
  printResult(options, result, ({ failed }) =>
    failed.map(({ key, reason }) => red(`Not made: ${key}: ${reason}`)).join('\n'),
  )
  if (result.failed.length > 0) process.exitCode = 1
}

async function chooseKeys(keys: readonly string[], { lots }: TaskOptions): Promise<readonly string[]> {
  if (lots === undefined && keys.length > 0) return keys
  if (lots !== undefined && keys.length === 0) {
    const { readArrayIndex, readLot } = await import('../../cluster/index.ts')
    return readLot(lots, readArrayIndex())
  }
  throw new UsageError({
    where: 'task run',
    expected: 'keys of tasks, or --lots',
    got: lots === undefined ? 'neither' : 'both',
    hint: 'eosin study plan RECIPE --json names the keys',
  })
}
