// eosin study: plan and run a recipe's grid.

import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Command } from 'commander'
import { transductiveNote } from '../../base/index.ts'
import type { FoundResults, StudyResult } from '../../study/index.ts'
import { addClusterOptions, type ClusterOptions, checkClusterOptions } from '../clusterOptions.ts'
import {
  addExamples,
  type CommonOptions,
  deviceOption,
  dryRunOption,
  jobsOption,
  jsonOption,
  markResumable,
  maxHoursOption,
  printResult,
  seedOption,
  threadsOption,
  wholeNumber,
} from '../command.ts'
import { checkDevice } from '../device.ts'
import { sendToCluster } from '../sendToCluster.ts'
import { describeStatus, readStudyStatus } from '../studyStatus.ts'
import {
  bold,
  clearLine,
  formatCount,
  formatTable,
  observeOnTerminal,
  red,
  showProgress,
  yellow,
} from '../terminal.ts'

interface StudyCommandOptions extends CommonOptions, ClusterOptions {
  readonly out: string
  readonly cache?: string
  readonly seeds?: number
  readonly threads?: number
  readonly jobs?: number
  readonly maxHours?: number
}

export function addStudy(program: Command): void {
  const study = program.command('study').description('run a grid of stain x embed x classify from a recipe')
  const run = addRecipe(study.command('run'))
    .description('run a recipe; what was done before is not done again, and it may be stopped at any moment')
    .addOption(jobsOption())
    .addOption(threadsOption('threads of all tasks together (default: all cores)'))
    .addOption(maxHoursOption())
    .addOption(seedOption())
    .addOption(deviceOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action(runRecipe)
  addClusterOptions(run)
  markResumable(run)
  addExamples(
    run,
    'eosin study run recipes/challenge.yaml',
    'eosin study run recipe.yaml --dry-run',
    'eosin study run recipe.yaml --on slurm --cpus 8 --dry-run',
  )
  const plan = addRecipe(study.command('plan'))
    .description('show every task of a recipe, which of them are cached, and what the rest will cost')
    .addOption(jobsOption())
    .addOption(threadsOption('threads of all tasks together (default: all cores)'))
    .addOption(seedOption())
    .addOption(deviceOption())
    .addOption(jsonOption())
    .action(planRecipe)
  addExamples(plan, 'eosin study plan recipes/challenge.yaml')
  const results = study
    .command('results')
    .argument('<run>', 'a run folder')
    .description("where a run's embeddings, fits and heads lie, by their names in the recipe")
    .addOption(jsonOption())
    .action(showResults)
  const status = study
    .command('status')
    .argument('<run>', 'a run folder')
    .description('how far a run is: what is done, what runs where, what failed; also while it runs')
    .addOption(jsonOption())
    .action(showStatus)
  addExamples(status, 'eosin study status runs/challenge')
  addExamples(results, 'eosin study results runs/challenge', 'eosin study results runs/challenge --json')
}

// What a plan may spend on measuring what nothing is known of.
const samplingSeconds = 20

// What running and planning a recipe have in common.
function addRecipe(command: Command): Command {
  return command
    .argument('<recipe>', 'a recipe (.yaml), or study.json of a run that is to go on as it was begun')
    .option('--out <folder>', 'where the run folder goes', 'runs')
    .option('--cache <folder>', 'where intermediate results are kept (default: <out>/.cache)')
    .option('--seeds <n>', "how many seeds, instead of the recipe's", wholeNumber(1, 100))
}

async function runRecipe(path: string, options: StudyCommandOptions): Promise<void> {
  checkClusterOptions(options)
  if (options.on) {
    const outcome = await sendToCluster(await readStudy(path, options), options)
    if (outcome) printOutcome(options, outcome)
    return
  }
  if (options.dryRun) return planRecipe(path, options)
  const { runStudy } = await import('../../study/index.ts')
  const { recipe, ...place } = await readStudy(path, options)
  const result = await runStudy(recipe, {
    ...place,
    threads: options.threads,
    jobs: options.jobs ?? availableParallelism(),
    maxHours: options.maxHours,
    observer: observeOnTerminal(),
  })
  printOutcome(options, result)
}

function printOutcome(options: StudyCommandOptions, result: StudyResult): void {
  printResult(options, result, describeStudy)
  if (result.metrics.failures) process.exitCode = 3
}

// A recipe, or a run that is to go on as it was begun: study.json of its folder, which knows all but its own place.
async function readStudy(path: string, options: StudyCommandOptions) {
  const { readStudyFile } = await import('../../runs/index.ts')
  const { readRecipe } = await import('../../recipe/index.ts')
  if (basename(path) !== 'study.json') {
    const recipe = await readRecipe(path, { seed: options.seed, seeds: options.seeds })
    return { recipe, out: options.out, cache: cacheOf(options), device: options.device }
  }
  const { folder, ...file } = await readStudyFile(path)
  return { ...file, out: dirname(folder), goesOn: true }
}

async function planRecipe(path: string, options: StudyCommandOptions): Promise<void> {
  const { planStudy } = await import('../../study/index.ts')
  const { listRecipeParts } = await import('../../recipe/index.ts')
  const { listUnknown, listWarnings } = await import('../../runs/index.ts')
  const { describeForecast, sayBytes } = await import('../../tasks/index.ts')
  const { recipe, device, cache } = await readStudy(path, options)
  await checkDevice(device, () => listRecipeParts(recipe))
  const progress = showProgress('patches  comparing the splits')
  const plan = await planStudy(recipe, cache, {
    device,
    progress,
    jobs: options.jobs ?? availableParallelism(),
    threads: options.threads,
    sampling: samplingSeconds,
  })
  clearLine()
  printResult(options, plan, () => {
    const { steps } = plan
    const todo = steps.filter((step) => step.due).length
    const rows = steps.map((step) => [
      step.stage,
      step.what + markTransductive(step),
      formatCount(step.items),
      step.cached ? 'cached' : step.due ? 'to do' : 'not needed',
    ])
    const pixels = steps.filter((step) => step.kind === 'pixels' && (step.due || step.cached))
    const bytes = pixels.reduce((sum, { cost }) => sum + (cost.bytes ?? 0), 0)
    const kept = `Normalised patches that are kept: ${sayBytes(bytes)}, until eosin cache prune --stage pixels.`
    const note = steps.some((step) => step.transductive) ? [`(t) ${transductiveNote}`] : []
    return [
      formatTable(['stage', 'what', 'items', 'state'], rows),
      '',
      `${steps.length} steps, ${todo} to do.`,
      describeForecast(plan.forecast),
      ...(pixels.length > 0 ? [kept] : []),
      ...note,
      ...listWarnings(plan).map((warning) => yellow(`Warning: ${warning}`)),
      ...listUnknown(plan).map((sentence) => `Note: ${sentence}`),
    ].join('\n')
  })
}

async function showResults(run: string, options: { readonly json?: boolean }): Promise<void> {
  const { readResults } = await import('../../study/index.ts')
  const results = await readResults(run)
  printResult(options, results, describeResults)
  if (results.missing.length > 0) process.exitCode = 1
}

async function showStatus(run: string, options: { readonly json?: boolean }): Promise<void> {
  printResult(options, await readStudyStatus(run), describeStatus)
}

function describeResults({ rows, stains, embeddings, cells, shares = {}, missing }: FoundResults): string {
  const gone = new Set(missing)
  const line = (what: string, name: string, path: string) => [
    what,
    name,
    path + (gone.has(path) ? yellow('  (missing)') : ''),
  ]
  const table = [
    ...Object.entries(rows).map(([split, path]) => line('rows', split, path)),
    ...Object.entries(stains).flatMap(([label, { fit, groups }]) => [
      line('fit', label, fit),
      ...Object.entries(groups).map(([split, path]) => line('group fits', `${label}/${split}`, path)),
    ]),
    ...Object.entries(embeddings).map(([name, { file }]) => line('embeddings', name, file)),
    ...Object.entries(cells).flatMap(([id, heads]) =>
      heads.flatMap(({ seed, head, probabilities }) => [
        line('head', `${id} seed ${seed}`, head),
        ...Object.entries(probabilities).map(([split, path]) =>
          line('probabilities', `${id} seed ${seed} ${split}`, path),
        ),
      ]),
    ),
    ...Object.entries(shares).map(([id, path]) => line('by share of tumour', id, path)),
  ]
  const note = `${missing.length} of these are missing; run the study again to make them anew`
  return [formatTable(['what', 'name', 'path'], table), ...(gone.size > 0 ? ['', note] : [])].join('\n')
}

/** Where a study's cache is. */
export function cacheOf({ cache, out }: Pick<StudyCommandOptions, 'cache' | 'out'>): string {
  return cache ?? join(out, '.cache')
}

function markTransductive({ transductive }: { readonly transductive?: true }): string {
  return transductive ? ' (t)' : ''
}

/** A study's outcome in plain text: the table, the chosen cell, the files. */
export function describeStudy(result: StudyResult): string {
  const { metrics, certainty, decision, shares, seen, manifest, report, submission } = result
  const percent = (value: number) => (100 * value).toFixed(1)
  const interval = (figure: { value: number; low: number; high: number } | null | undefined) =>
    figure ? `${percent(figure.value)} [${percent(figure.low)}-${percent(figure.high)}]` : '-'
  const hasFolds = metrics.cells.some(({ heldOut }) => heldOut)
  const rows = metrics.cells.map((cell) => [
    cell.id + markTransductive(cell) + (cell.id === metrics.chosen ? ' *' : ''),
    ...(hasFolds ? [interval(cell.heldOut?.accuracy)] : []),
    interval(cell.val.accuracy),
    interval(cell.test?.accuracy),
    cell.val.auroc ? cell.val.auroc.value.toFixed(3) : '-',
    cell.test?.auroc ? cell.test.auroc.value.toFixed(3) : '-',
  ])
  const table = formatTable(
    [
      'cell',
      ...(hasFolds ? ['held-out acc % [95 %]'] : []),
      'val acc % [95 %]',
      'test acc % [95 %]',
      'val AUROC',
      'test AUROC',
    ],
    rows,
  )
  const hasTest = manifest.splits.test !== undefined
  const gaps = (metrics.failures ?? []).map(({ task, reason, skipped }) => {
    const rest = skipped.length > 0 ? `; ${skipped.length} tasks that rest on it were skipped` : ''
    return red(`Not made: ${task}: ${reason}${rest}`)
  })
  return [
    '',
    table,
    `* chosen by: ${metrics.chosenBy}`,
    ...(certainty ? [certainty] : []),
    ...decision,
    ...shares.map((sentence) => yellow(sentence)),
    ...seen.map((sentence) => yellow(sentence)),
    ...(metrics.cells.some((cell) => cell.transductive) ? [`(t) ${transductiveNote}`] : []),
    '',
    ...gaps,
    ...describeOrigin(manifest.origin),
    `report      ${report}`,
    `submission  ${submission ?? `none: ${hasTest ? 'the ids of test are no whole numbers, as the challenge has them' : 'the recipe has no test split'}`}`,
  ].join('\n')
}

function describeOrigin(origin: string): string[] {
  if (origin === 'real') return []
  const what =
    origin === 'unknown'
      ? 'If it is of patients, write `origin: real` beside each path in the recipe; otherwise these figures say nothing about patients.'
      : 'These figures say nothing about patients.'
  return [`${bold(`Data: ${origin}.`)} ${what}`]
}
