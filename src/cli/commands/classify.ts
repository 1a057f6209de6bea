// eosin classify: train a head on embeddings, stopped on validation embeddings; or predict every row of one table by heads that
// have not seen its center, slide or patient.

import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { DataError, pickNamed, UsageError } from '../../base/index.ts'
import type { HeadMethod, HeadName } from '../../classify/index.ts'
import type { SelectionMeasure } from '../../evaluate/index.ts'
import type { LeaveOutThreshold, LeaveOutUnit } from '../../study/index.ts'
import type { FolderKind } from '../../tasks/index.ts'
import {
  addExamples,
  type CommonOptions,
  jsonOption,
  markResumable,
  overwriteOption,
  printResult,
  seedOption,
  share,
  wholeNumber,
} from '../command.ts'
import { describeLeaveOut } from '../describeLeaveOut.ts'
import { refuseFolder } from '../outFile.ts'
import { clearLine, sayNote, showProgress } from '../terminal.ts'

interface ClassifyOptions extends CommonOptions {
  readonly train?: string
  readonly val?: string
  readonly leaveOut?: LeaveOutUnit
  readonly folds?: number
  readonly labels?: string
  readonly adapt?: readonly string[]
  readonly by?: SelectionMeasure
  readonly threshold?: LeaveOutThreshold
  readonly head: readonly string[]
  readonly preset?: string
  readonly set: readonly string[]
  readonly out?: string
  readonly seed: number
}

export function addClassify(program: Command): void {
  const classify = program
    .command('classify')
    .argument('[table]', 'with --leave-out: what eosin embed wrote, or embeddings as .npy, CSV or Parquet')
    .description(
      'train a head on embeddings, val decides when it stops; or cross-validate heads on one table of them',
    )
    .option('--train <folder>', 'what eosin embed wrote for the training centers')
    .option('--val <folder>', 'what eosin embed wrote for the validation center')
    .addOption(
      new Option(
        '--leave-out <unit>',
        'predict every row of TABLE by a head that has not seen its center, slide or patient',
      ).choices(['center', 'slide', 'patient']),
    )
    .option(
      '--folds <n>',
      'deal centers, slides or patients into so many folds (default: each center by itself, slides and patients in at most 10)',
      wholeNumber(3, 1000),
    )
    .option('--labels <file>', 'take labels, centers, slides and patients of TABLE from here, matched by id')
    .option(
      '--adapt <name...>',
      'make heads hold on other centers: none, center, coral, mixup ... (docs/adapt.md); several are compared',
    )
    .addOption(
      new Option('--by <measure>', 'compare several by (default: log-loss)').choices([
        'log-loss',
        'auroc',
        'accuracy',
      ]),
    )
    .option(
      '--threshold <rule>',
      'tumour from here up: a number, held-out (for each part, where the others are called best) or share (as many as hold tumour; default: 0.5)',
      thresholdRule,
    )
    .option('--head <name...>', 'mlp, logistic or knn; with --leave-out several, also as mlp:paper', ['mlp'])
    .option('--preset <name>', 'a named set of options')
    .option('--set <key=value...>', 'change an option of the head', [])
    .option(
      '--out <folder>',
      'receives head.json, head.safetensors, head.onnx, predictions.csv; with --leave-out leave-out.json, predictions.csv (default: head or leave-out)',
    )
    .addOption(seedOption().default(0))
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runClassify)
  markResumable(classify, (options) => 'leaveOut' in options)
  addExamples(
    classify,
    'eosin classify --train train-texture --val val-texture --head mlp --preset paper',
    'eosin classify train-texture --leave-out center --head mlp logistic',
    'eosin classify embeddings.npy --labels patches.csv --leave-out patient --folds 5',
  )
}

async function runClassify(table: string | undefined, options: ClassifyOptions): Promise<void> {
  const { leaveOut, train, val, head } = options
  if (leaveOut === undefined) {
    rejectGiven('--leave-out', {
      TABLE: table,
      ...pick(options, ['folds', 'labels', 'adapt', 'by', 'threshold']),
    })
    requireGiven('eosin classify', { '--train <folder>': train, '--val <folder>': val })
    if (head.length > 1)
      throw new UsageError({
        where: '--head',
        expected: 'one head without --leave-out',
        got: head.join(', '),
      })
    return trainHead({ ...options, head: head[0], train: train!, val: val!, out: options.out ?? 'head' })
  }
  requireGiven('eosin classify', { TABLE: table })
  rejectGiven('no --leave-out', pick(options, ['train', 'val']), 'a call with it, which takes TABLE alone')
  return runLeaveOut(table!, { ...options, leaveOut, out: options.out ?? 'leave-out' })
}

function thresholdRule(text: string): LeaveOutThreshold {
  if (text === 'held-out' || text === 'share') return text
  try {
    return share(text)
  } catch {
    throw new InvalidArgumentError('a number from 0 to 1, held-out or share')
  }
}

const pick = <Name extends keyof ClassifyOptions>(options: ClassifyOptions, names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [`--${name}`, options[name]]))

// What goes only with something that was not given.
function rejectGiven(
  expected: string,
  given: Readonly<Record<string, unknown>>,
  got = 'a call without it',
): void {
  const found = Object.keys(given).find((name) => given[name] !== undefined)
  if (found) throw new UsageError({ where: found, expected, got })
}

function requireGiven(where: string, given: Readonly<Record<string, unknown>>): void {
  const missing = Object.keys(given).find((name) => given[name] === undefined)
  if (!missing) return
  const hint = `\`${where} --help\` says how it is called`
  throw new UsageError({ where, expected: missing, got: 'a call without it', hint })
}

const headFolder: FolderKind = {
  about: 'a folder of a head',
  manifest: 'head.json',
  key: 'kind',
  isOwn: (name) => ['head.safetensors', 'head.onnx', 'predictions.csv'].includes(name),
}

interface TrainOptions extends CommonOptions {
  readonly train: string
  readonly val: string
  readonly head: string
  readonly preset?: string
  readonly set: readonly string[]
  readonly out: string
  readonly seed: number
}

async function trainHead(options: TrainOptions): Promise<void> {
  const check = () => refuseFolder(options.out, headFolder, options.overwrite)
  await check()
  const { headMethods, headPresets } = await import('../../classify/index.ts')
  const { evaluate } = await import('../../evaluate/index.ts')
  const { writeFileAtomic } = await import('../../files/index.ts')
  const { makeWholeFolder } = await import('../../tasks/index.ts')
  const { requireFitting } = await import('../../study/index.ts')
  const { completeMethod, parseAssignments } = await import('../../recipe/index.ts')
  const method = pickNamed('--head', headMethods, options.head) as HeadMethod<object>
  const known = { ...method, presets: headPresets[options.head as HeadName] }
  const chosen = completeMethod('--set', known, options.preset, parseAssignments(options.set), '--preset')
  const train = await readLabelled(options.train)
  const val = await readLabelled(options.val)
  requireFitting(train, val)
  const head = await method.fit(train, val, chosen, options.seed, {
    progress: showProgress('classify'),
  })
  clearLine()
  const probabilities = await head.predict(val.x)
  const files = { ...(await head.serialize()), 'predictions.csv': await tabulate(val, probabilities) }
  await makeWholeFolder(options.out, {
    onWait: sayNote,
    check,
    async fill(work) {
      for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(work, name), content)
    },
  })
  const evaluation = evaluate({ ...val, probabilities, seed: options.seed })
  const { value, low, high } = evaluation.accuracy
  printResult(options, { epochs: head.curve.length, evaluation, out: options.out }, () =>
    [
      `${options.head}${head.curve.length > 0 ? `: ${head.curve.length} epochs` : ', fitted without epochs'}`,
      `val accuracy ${(100 * value).toFixed(1)} % [${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)}]`,
      options.out,
    ].join('\n'),
  )
}

async function tabulate({ ids, centers, slides, patients, labels }: Labelled, probability: Float32Array) {
  const { writeCsvBlocks } = await import('../../formats/index.ts')
  const known = {
    ...(centers && { center: centers }),
    ...(slides && { slide: slides }),
    ...(patients && { patient: patients }),
  }
  return writeCsvBlocks({ id: ids, ...known, label: labels, probability })
}

type Labelled = Awaited<ReturnType<typeof readLabelled>>

async function readLabelled(folder: string) {
  const { readEmbeddingFolder } = await import('../../study/index.ts')
  const { labels, ...rest } = await readEmbeddingFolder(folder)
  if (!labels) throw new DataError({ where: folder, expected: 'labels', got: 'none in patches.csv' })
  return { ...rest, where: folder, labels, y: labels }
}

interface LeaveOutCall extends ClassifyOptions {
  readonly leaveOut: LeaveOutUnit
  readonly out: string
}

async function runLeaveOut(path: string, options: LeaveOutCall): Promise<void> {
  const { leaveOut: unit, preset, head, adapt, by, set, out } = options
  if (preset !== undefined && head.length > 1) {
    const hint = 'name it with the head, as in mlp:paper'
    throw new UsageError({ where: '--preset', expected: 'one head', got: head.join(', '), hint })
  }
  const { leaveOut } = await import('../../study/index.ts')
  const { parseAssignments } = await import('../../recipe/index.ts')
  const result = await leaveOut({
    ...options,
    path,
    unit,
    heads: preset === undefined ? head : [`${head[0]}:${preset}`],
    adapts: adapt ?? ['none'],
    options: parseAssignments(set),
    by: by ?? 'log-loss',
    onWait: sayNote,
    step: (what) => showProgress(`classify ${what}`),
  })
  clearLine()
  for (const note of result.notes ?? []) sayNote(note)
  printResult(options, { ...result, out }, () => describeLeaveOut(result, out))
}
