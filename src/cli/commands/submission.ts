// eosin submission: lint a submission, or compare two.

import type { Command } from 'commander'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  jsonOption,
  printResult,
  type SetOptions,
} from '../command.ts'
import { formatCount, formatTable } from '../terminal.ts'

interface CheckOptions extends CommonOptions, SetOptions {
  readonly test: string
}

export function addSubmission(program: Command): void {
  const submission = program
    .command('submission')
    .description("lint and compare the challenge's submission files")
  const check = submission
    .command('check')
    .argument('<file.csv>', 'a submission')
    .description('check ids, order, values and class share against the test set; exit code 1 on a problem')
    .requiredOption('--test <path>', 'the test patches')
    .addOption(jsonOption())
    .action(runCheck)
  addExamples(addSetOptions(check), 'eosin submission check runs/demo/submission.csv --test test.h5')
  const diff = submission
    .command('diff')
    .argument('<a.csv>')
    .argument('<b.csv>')
    .description('count and list where two submissions disagree')
    .addOption(jsonOption())
    .action(runDiff)
  addExamples(diff, 'eosin submission diff a.csv b.csv')
}

async function runCheck(path: string, options: CheckOptions): Promise<void> {
  const { openPatchSet } = await import('../../patches/index.ts')
  const { checkSubmission } = await import('../../runs/index.ts')
  const set = await openPatchSet(options.test, options)
  const result = await checkSubmission(path, set.ids)
  await set.close()
  printResult(options, result, ({ rows, positives, positiveShare, problems, warnings }) =>
    [
      ...problems.map((problem) => `problem: ${problem}`),
      ...warnings.map((warning) => `warning: ${warning}`),
      `${formatCount(rows)} rows, ${formatCount(positives)} tumour (${(100 * positiveShare).toFixed(1)} %): ${problems.length ? 'not valid' : 'valid'}`,
    ].join('\n'),
  )
  if (result.problems.length > 0) process.exitCode = 1
}

async function runDiff(a: string, b: string, options: CommonOptions): Promise<void> {
  const { diffSubmissions } = await import('../../runs/index.ts')
  const result = await diffSubmissions(a, b)
  printResult(options, result, ({ rows, differing, examples }) => {
    const table = formatTable(
      ['ID', 'a', 'b'],
      examples.map((example) => [example.id, `${example.a}`, `${example.b}`]),
    )
    const share = rows ? (100 * differing) / rows : 0
    return `${examples.length ? `${table}\n` : ''}${formatCount(differing)} of ${formatCount(rows)} rows differ (${share.toFixed(2)} %)`
  })
}
