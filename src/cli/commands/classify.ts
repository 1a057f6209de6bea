// eosin classify: train a head on embeddings, stopped on validation embeddings.

import { join } from 'node:path'
import type { Command } from 'commander'
import { DataError, pickNamed } from '../../base/index.ts'
import type { HeadMethod, HeadName } from '../../classify/index.ts'
import type { FolderKind } from '../../tasks/index.ts'
import {
  addExamples,
  type CommonOptions,
  jsonOption,
  overwriteOption,
  printResult,
  seedOption,
} from '../command.ts'
import { refuseFolder } from '../outFile.ts'
import { clearLine, sayNote, showProgress } from '../terminal.ts'

interface ClassifyOptions extends CommonOptions {
  readonly train: string
  readonly val: string
  readonly head: string
  readonly preset?: string
  readonly set: readonly string[]
  readonly out: string
  readonly seed: number
}

export function addClassify(program: Command): void {
  const classify = program
    .command('classify')
    .description('train a head on embeddings; val decides when it stops')
    .requiredOption('--train <folder>', 'what eosin embed wrote for the training centers')
    .requiredOption('--val <folder>', 'what eosin embed wrote for the validation center')
    .option('--head <name>', 'mlp, logistic or knn', 'mlp')
    .option('--preset <name>', 'a named set of options')
    .option('--set <key=value...>', 'change an option of the head', [])
    .option('--out <folder>', 'receives head.json, head.safetensors, head.onnx, predictions.csv', 'head')
    .addOption(seedOption().default(0))
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runClassify)
  addExamples(classify, 'eosin classify --train train-texture --val val-texture --head mlp --preset paper')
}

const headFolder: FolderKind = {
  about: 'a folder of a head',
  manifest: 'head.json',
  key: 'kind',
  isOwn: (name) => ['head.safetensors', 'head.onnx', 'predictions.csv'].includes(name),
}

async function runClassify(options: ClassifyOptions): Promise<void> {
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
  const { labels, centers, slides } = val
  const evaluation = evaluate({ labels, probabilities, centers, slides, seed: options.seed })
  const { value, low, high } = evaluation.accuracy
  printResult(options, { epochs: head.curve.length, evaluation, out: options.out }, () =>
    [
      `${options.head}${head.curve.length > 0 ? `: ${head.curve.length} epochs` : ', fitted without epochs'}`,
      `val accuracy ${(100 * value).toFixed(1)} % [${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)}]`,
      options.out,
    ].join('\n'),
  )
}

async function tabulate({ ids, centers, slides, labels }: Labelled, probability: Float32Array) {
  const { writeCsvBlocks } = await import('../../formats/index.ts')
  const known = { ...(centers && { center: centers }), ...(slides && { slide: slides }) }
  return writeCsvBlocks({ id: ids, ...known, label: labels, probability })
}

type Labelled = Awaited<ReturnType<typeof readLabelled>>

async function readLabelled(folder: string) {
  const { readEmbeddingFolder } = await import('../../study/index.ts')
  const { labels, ...rest } = await readEmbeddingFolder(folder)
  if (!labels) throw new DataError({ where: folder, expected: 'labels', got: 'none in patches.csv' })
  return { ...rest, where: folder, labels, y: labels }
}
