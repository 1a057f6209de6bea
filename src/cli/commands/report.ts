// eosin report: writes a run's report.html anew.

import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { DataError } from '../../base/index.ts'
import { addExamples, type CommonOptions, jsonOption, printResult } from '../command.ts'

export function addReport(program: Command): void {
  const report = program
    .command('report')
    .argument('<run>', 'a run folder')
    .description('write report.html of a run anew from the files in its folder')
    .addOption(jsonOption())
    .action(runReport)
  addExamples(report, 'eosin report runs/demo')
}

async function runReport(run: string, options: CommonOptions): Promise<void> {
  if (!(await stat(join(run, 'metrics.json')).catch(() => null))) {
    throw new DataError({
      where: run,
      expected: 'the folder of a finished run',
      got: existsSync(run) ? 'no metrics.json in it' : 'no such file or folder',
    })
  }
  const { writeReport } = await import('../../report/index.ts')
  const report = await writeReport(run)
  printResult(options, { report }, () => report)
}
