// eosin evaluate: figures with intervals for a table of probabilities, or the hospital signature of embeddings.

import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { DataError } from '../../base/index.ts'
import type { CenterSignature, Evaluation, Interval } from '../../evaluate/index.ts'
import { addExamples, type CommonOptions, jsonOption, printResult, seedOption, share } from '../command.ts'
import { formatCount, formatTable } from '../terminal.ts'

interface EvaluateOptions extends CommonOptions {
  readonly labels?: string
  readonly column: string
  readonly threshold: number
  readonly seed: number
}

export function addEvaluate(program: Command): void {
  const evaluate = program
    .command('evaluate')
    .argument(
      '<path>',
      'predictions.csv (id, probability; label, center, slide where known), or what eosin embed wrote',
    )
    .description(
      'accuracy, AUROC, calibration and more, with intervals clustered by slide; of embeddings, how well centers are told',
    )
    .option('--labels <file.csv>', 'take labels (and center, slide) from here, matched by id')
    .option('--column <name>', 'the column that holds probabilities', 'probability')
    .option('--threshold <p>', 'tumour from this probability up', share, 0.5)
    .addOption(seedOption().default(0))
    .addOption(jsonOption())
    .action(runEvaluate)
  addExamples(
    evaluate,
    'eosin evaluate predictions.csv --labels data/test_truth.csv',
    'eosin evaluate embeddings/train',
  )
}

async function runEvaluate(path: string, options: EvaluateOptions): Promise<void> {
  if (await isFolder(path)) return evaluateSignature(path, options)
  const { evaluate } = await import('../../evaluate/index.ts')
  const predictions = await readTable(path)
  const ids = columnOf(path, predictions, 'id')
  const truth = options.labels ? alignById(options.labels, await readTable(options.labels), ids) : predictions
  const labels = columnOf(options.labels ?? path, truth, 'label').map((text, row) => {
    if (text !== '0' && text !== '1') {
      throw new DataError({
        where: `${options.labels ?? path} id ${ids[row]}`,
        expected: 'label 0 or 1',
        got: `'${text}'`,
      })
    }
    return Number(text)
  })
  const result = evaluate({
    labels: Uint8Array.from(labels),
    probabilities: Float32Array.from(columnOf(path, predictions, options.column), Number),
    centers: knownColumn(truth.center ?? predictions.center),
    slides: knownColumn(truth.slide ?? predictions.slide),
    threshold: options.threshold,
    seed: options.seed,
  })
  printResult(options, result, describeEvaluation)
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function evaluateSignature(folder: string, options: EvaluateOptions): Promise<void> {
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

type Table = Readonly<Record<string, readonly string[]>>

async function readTable(path: string): Promise<Table> {
  const { readCsv, readTextFile } = await import('../../formats/index.ts')
  const text = await readTextFile(path)
  return readCsv(text, path)
}

function columnOf(path: string, table: Table, name: string): readonly string[] {
  if (!table[name]) {
    throw new DataError({ where: path, expected: `a column '${name}'`, got: Object.keys(table).join(', ') })
  }
  return table[name]
}

function alignById(path: string, table: Table, ids: readonly string[]): Table {
  const rowOf = new Map(columnOf(path, table, 'id').map((id, row) => [id, row]))
  const rows = ids.map((id) => {
    const row = rowOf.get(id)
    if (row === undefined) throw new DataError({ where: path, expected: `a row for id ${id}`, got: 'none' })
    return row
  })
  return Object.fromEntries(
    Object.entries(table).map(([name, values]) => [name, rows.map((row) => values[row])]),
  )
}

function knownColumn(values: readonly string[] | undefined): readonly string[] | null {
  return values?.some((value) => value !== '') ? values : null
}

function describeEvaluation(result: Evaluation): string {
  const figure = (name: string, interval: Interval | null) =>
    interval
      ? [name, interval.value.toFixed(4), `${interval.low.toFixed(4)} - ${interval.high.toFixed(4)}`]
      : [name, '-', '-']
  const { tp, fp, tn, fn } = result.confusion
  return [
    `${formatCount(result.count)} patches, ${formatCount(result.positives)} tumour; intervals: 95 % bootstrap over ${result.resampled}`,
    '',
    formatTable(
      ['figure', 'value', '95 % interval'],
      [
        figure('accuracy', result.accuracy),
        figure('balanced accuracy', result.balancedAccuracy),
        figure('AUROC', result.auroc),
        figure('AUPRC', result.auprc),
        figure('F1', result.f1),
        figure('calibration error', result.calibrationError),
      ],
    ),
    '',
    `at ${result.threshold}: ${tp} true tumour, ${fp} false tumour, ${tn} true normal, ${fn} false normal`,
  ].join('\n')
}
