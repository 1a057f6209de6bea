// eosin report: writes a run's report.html anew, prints its table, or compares runs.

import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { DataError, UsageError } from '../../base/index.ts'
import type { RunComparison, TableFormat } from '../../report/index.ts'
import { addExamples, type CommonOptions, jsonOption, overwriteOption, printResult } from '../command.ts'
import { claimFiles } from '../outFile.ts'
import { formatTable } from '../terminal.ts'

interface ReportOptions extends CommonOptions {
  readonly table?: TableFormat
}

export function addReport(program: Command): void {
  const report = program
    .command('report')
    .argument('<runs...>', 'a run folder; several are compared with the first, cell by cell')
    .description(
      "write a run's report, figures and tables anew from the files in its folder, or compare runs",
    )
    .addOption(
      new Option('--table <format>', 'print the table of one run instead').choices(['md', 'tex', 'csv']),
    )
    .option('--out <file>', 'write the comparison of several runs to a file (.html or .md)')
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runReport)
  addExamples(
    report,
    'eosin report runs/demo',
    'eosin report runs/demo --table tex',
    'eosin report runs/demo runs/dinov2 --out comparison.html',
  )
}

async function runReport(runs: readonly string[], options: ReportOptions): Promise<void> {
  checkOptions(runs, options)
  for (const run of runs) await requireRun(run)
  if (runs.length > 1) return compare(runs, options)
  const { readRunFolder, renderTableFile, writeReport } = await import('../../report/index.ts')
  if (options.table) {
    const table = renderTableFile(await readRunFolder(runs[0]), options.table)
    return printResult(options, { table }, () => table.trimEnd())
  }
  const report = await writeReport(runs[0])
  printResult(options, { report }, () => report)
}

// What is of one run alone, and what of several.
function checkOptions(runs: readonly string[], { table, out }: ReportOptions): void {
  if (runs.length > 1 && table !== undefined)
    throw new UsageError({ where: '--table', expected: 'one run', got: `${runs.length} runs` })
  if (runs.length === 1 && out !== undefined) {
    const hint = 'the report of one run is written into its folder'
    throw new UsageError({ where: '--out', expected: 'several runs to compare', got: 'one run', hint })
  }
  if (out !== undefined && !/\.(html|md)$/.test(out))
    throw new UsageError({ where: '--out', expected: 'a file that ends in .html or .md', got: out })
}

async function requireRun(run: string): Promise<void> {
  if (await stat(join(run, 'metrics.json')).catch(() => null)) return
  throw new DataError({
    where: run,
    expected: 'the folder of a finished run',
    got: existsSync(run) ? 'no metrics.json in it' : 'no such file or folder',
  })
}

async function compare(runs: readonly string[], options: ReportOptions): Promise<void> {
  const { out, overwrite } = options
  const { compareRuns, explainComparison, tabulateComparison } = await import('../../report/index.ts')
  const comparison = await claimFiles([out], overwrite, async () => {
    const made = await compareRuns(runs)
    if (out !== undefined) await writeComparison(out, made)
    return made
  })
  printResult(options, out === undefined ? comparison : { ...comparison, out }, () => {
    const { head, rows } = tabulateComparison(comparison)
    const sentences = explainComparison(comparison, ({ folder, name }) => `${folder} (run ${name})`)
    return [...sentences, '', formatTable(head, rows), ...(out === undefined ? [] : ['', out])].join('\n')
  })
}

async function writeComparison(path: string, comparison: RunComparison): Promise<void> {
  const { renderComparisonMarkdown, renderComparisonPage } = await import('../../report/index.ts')
  const { writeFileAtomic } = await import('../../files/index.ts')
  const isMarkdown = path.endsWith('.md')
  await writeFileAtomic(
    path,
    isMarkdown ? renderComparisonMarkdown(comparison) : await renderComparisonPage(comparison),
  )
}
