// eosin evaluate: figures with intervals for a table of probabilities, or the hospital signature of embeddings.

import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { DataError, printThreshold, UsageError } from '../../base/index.ts'
import type { CenterSignature, Interval, NamedTable, PairedDifference } from '../../evaluate/index.ts'
import type { RunColumn } from '../../runs/index.ts'
import { addExamples, type CommonOptions, jsonOption, printResult, seedOption, share } from '../command.ts'
import {
  type ChosenThreshold,
  describeEvaluation,
  describePatches,
  describeThreshold,
} from '../describeEvaluation.ts'
import { formatCount, formatTable } from '../terminal.ts'

interface EvaluateOptions extends CommonOptions {
  readonly labels?: string
  readonly split?: string
  readonly column?: string
  readonly against?: string
  readonly againstColumn?: string
  readonly threshold?: number
  readonly seed: number
}

export function addEvaluate(program: Command): void {
  const evaluate = program
    .command('evaluate')
    .argument(
      '<path>',
      'predictions as CSV or Parquet (id, probability; label, center, slide, patient, part, split where known), or what eosin embed wrote',
    )
    .description(
      'accuracy, AUROC, calibration and more, with intervals clustered by slide or patient; of embeddings, how well centers are told',
    )
    .option(
      '--labels <file>',
      'take labels (and center, slide, patient) from here, matched by split and id; what both tables know must agree',
    )
    .option('--split <name>', 'the split to evaluate (default: the only one that is labelled)')
    .option('--column <name>', 'the column of probabilities (default: probability, or Pred)')
    .option(
      '--against <file>',
      "compare: accuracy of PATH's predictions less that of these, for the same patches",
    )
    .option('--against-column <name>', 'the column of probabilities there (default: that of --column)')
    .option(
      '--threshold <p>',
      "tumour from this probability up (default: the run's, for a table in a run folder; else 0.5)",
      share,
    )
    .addOption(seedOption().default(0))
    .addOption(jsonOption())
    .action(runEvaluate)
  addExamples(
    evaluate,
    'eosin evaluate predictions.csv --labels data/test_truth.csv',
    'eosin evaluate a/predictions.csv --against b/predictions.csv --labels data/test_truth.csv',
    'eosin evaluate embeddings/train',
  )
}

async function runEvaluate(path: string, options: EvaluateOptions): Promise<void> {
  if (await isFolder(path)) return evaluateSignature(path, options)
  const { alignPair, alignTables, evaluate, pairedDifference } = await import('../../evaluate/index.ts')
  const { labels, split, column, against, againstColumn, seed } = options
  const tables = {
    predictions: await readNamed(path),
    labels: labels === undefined ? undefined : await readNamed(labels),
    split,
    column,
  }
  if (against === undefined) {
    const aligned = alignTables(tables)
    const { split: own } = aligned
    const chosen = await chooseThreshold(options.threshold, [{ path, column, split: own }])
    const result = { split: own, ...evaluate({ ...aligned, threshold: chosen.threshold, seed }), ...chosen }
    printResult(options, result, () => describeEvaluation(result, aligned.unpredicted))
    return
  }
  const pair = alignPair({ ...tables, against: await readNamed(against), againstColumn })
  const compared = [
    { path, column, split: pair.split },
    { path: against, column: againstColumn ?? column, split: pair.split },
  ]
  const chosen = await chooseThreshold(options.threshold, compared)
  const { threshold } = chosen
  const difference = pairedDifference({ ...pair, a: pair.probabilities, threshold })
  const result = { split: pair.split, ...difference, ...chosen }
  const name = (file: string, named: string | undefined) => (named ? `${file} (${named})` : file)
  const names = [name(path, column), name(against, againstColumn ?? column)] as const
  printResult(options, result, () => describeDifference(result, names))
}

// What is given goes first, then that of the run in whose folder the tables lie. Throws UsageError where two differ.
async function chooseThreshold(
  given: number | undefined,
  tables: readonly (RunColumn & { readonly path: string })[],
): Promise<ChosenThreshold> {
  if (given !== undefined) return { threshold: given }
  const { readRunThreshold } = await import('../../runs/index.ts')
  const read = tables.map(({ path, ...column }) => readRunThreshold(path, column))
  const found = (await Promise.all(read)).filter((run) => run !== null)
  if (found.length === 0) return { threshold: 0.5 }
  const [first] = found.map(({ threshold }) => printThreshold(threshold))
  const other = found.find(({ threshold }) => printThreshold(threshold) !== first)
  if (other) {
    throw new UsageError({
      where: 'evaluate',
      expected: 'predictions of one threshold',
      got: [found[0], other]
        .map(({ run, threshold }) => `${printThreshold(threshold)} of ${run}`)
        .join(' and '),
      hint: 'say which with --threshold',
    })
  }
  return { threshold: found[0].threshold, thresholdOf: found[0].run }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function evaluateSignature(folder: string, options: EvaluateOptions): Promise<void> {
  const ofTables = [options.labels, options.split, options.column, options.against]
  if (ofTables.some((option) => option !== undefined)) {
    const expected = 'a table of predictions with --labels, --split, --column or --against'
    throw new UsageError({ where: folder, expected, got: 'a folder of embeddings' })
  }
  const { readEmbeddingFolder } = await import('../../study/index.ts')
  const { measureSignature } = await import('../../evaluate/index.ts')
  const { x, centers, slides, labels } = await readEmbeddingFolder(folder)
  const signature = centers && (await measureSignature({ x, centers, slides, labels }, options))
  if (!signature) {
    const expected = 'patches of at least two known centers, four of each'
    throw new DataError({
      where: folder,
      expected,
      got: [...new Set(centers ?? [])].join(', ') || 'no centers',
    })
  }
  printResult(options, signature, describeSignature)
}

function describeSignature(signature: CenterSignature): string {
  const { centers, count, chance, grouped, linear, neighbours, silhouette } = signature
  const row = (name: string, { value, low, high }: Interval, against: number) => [
    name,
    value.toFixed(3),
    `${low.toFixed(3)} - ${high.toFixed(3)}`,
    against.toFixed(3),
  ]
  return [
    `centers ${centers.join(', ')} told from ${formatCount(count)} patches; folds and intervals by ${grouped}`,
    '',
    formatTable(
      ['figure', 'value', '95 % interval', 'chance'],
      [
        row('linear probe, balanced accuracy', linear, chance),
        row('nearest patches, balanced accuracy', neighbours, chance),
        row('silhouette', silhouette, 0),
      ],
    ),
  ].join('\n')
}

async function readNamed(path: string): Promise<NamedTable> {
  const { readTableFile } = await import('../../files/index.ts')
  return { where: path, columns: await readTableFile(path) }
}

function describeDifference(
  result: PairedDifference & ChosenThreshold & { readonly split: string | null },
  [first, second]: readonly [string, string],
): string {
  const { difference, p, resampled, onlyA, onlyB } = result
  const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(4)}`
  const leftOut = resampled === 'patches' ? 'patches' : `${formatCount(result[resampled]!)} ${resampled}`
  return [
    `${describePatches(result)}; accuracy of ${first} less that of ${second}; 95 %, ${leftOut} left out in turn`,
    '',
    formatTable(
      ['figure', 'value', '95 % interval', 'p'],
      [
        [
          'difference in accuracy',
          signed(difference.value),
          `${signed(difference.low)} to ${signed(difference.high)}`,
          p < 0.0001 ? '<0.0001' : p.toFixed(4),
        ],
      ],
    ),
    '',
    `${describeThreshold(result)}: right in the first only: ${formatCount(onlyA)} patches, in the second only: ${formatCount(onlyB)}`,
  ].join('\n')
}
