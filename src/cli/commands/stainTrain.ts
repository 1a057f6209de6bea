// eosin stain train: train a learned stain method from unlabelled patches of several centers.

import type { Command } from 'commander'
import { pickNamed, UsageError } from '../../base/index.ts'
import type { GanFit } from '../../stain/gan/ganFit.ts'
import type { StainFit, StainMethod } from '../../stain/index.ts'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  centerName,
  deviceOption,
  jsonOption,
  markResumable,
  overwriteOption,
  printResult,
  type SetOptions,
  seedOption,
  threadsOption,
} from '../command.ts'
import { checkDevice } from '../device.ts'
import { refuseOverwrite } from '../outFile.ts'
import { clearLine, formatTable, sayNote, showProgress } from '../terminal.ts'

interface TrainOptions extends CommonOptions, SetOptions {
  readonly method: string
  readonly preset?: string
  readonly set: readonly string[]
  readonly target?: string
  readonly center?: string
  readonly out: string
  readonly threads?: number
  readonly seed: number
}

export function addStainTrain(stain: Command): void {
  const train = stain
    .command('train')
    .argument('<paths...>', 'patch sets whose centers are the sources')
    .description('train a learned method (cyclegan, multistain); labels are never read')
    .requiredOption('--method <name>', 'cyclegan or multistain')
    .option('--preset <name>', 'options to begin with: small is for a CPU, paper and paper-code for a GPU')
    .option('--set <key=value...>', 'change an option of the method', [])
    .option('--target <path>', 'the patch set that holds the target (default: the first source)')
    .option('--center <name>', "the target's center (default: the one with the most patches)", centerName)
    .option('--out <folder>', 'receives fit, networks, curves and previews', 'stain-model')
    .addOption(threadsOption('threads of a CPU'))
    .addOption(seedOption().default(0))
    .addOption(deviceOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runTrain)
  markResumable(train)
  addExamples(
    addSetOptions(train),
    'eosin stain train train.h5 --method multistain --preset small --center 0 --out multistain',
  )
}

async function runTrain(paths: readonly string[], options: TrainOptions): Promise<void> {
  refuseOverwrite(options.out, options.overwrite)
  const { openPatchSet } = await import('../../patches/index.ts')
  const { listDeviceParts } = await import('../../recipe/index.ts')
  const { openStainFit, trainFolder } = await import('../../normalise/index.ts')
  const entry = await readEntry(options)
  await checkDevice(options.device, () => listDeviceParts({ stain: [entry.name] }))
  const sources = await Promise.all(paths.map((path) => openPatchSet(path, options)))
  const target = options.target ? await openPatchSet(options.target, options) : sources[0]
  try {
    await trainFolder(options.out, {
      entry,
      sources,
      target,
      center: options.center,
      seed: options.seed,
      device: { provider: options.device as 'auto', threads: options.threads },
      progress: showProgress(`stain    ${entry.label}`),
      onWait: sayNote,
    })
  } finally {
    for (const set of new Set([...sources, target])) await set.close()
  }
  clearLine()
  const { fit } = await openStainFit(options.out)
  const { networks: _, ...plain } = fit
  printResult(options, { out: options.out, ...plain }, () => `${describeFit(plain)}\n${options.out}`)
}

async function readEntry({ method: name, preset, set }: TrainOptions) {
  const { stainMethods } = await import('../../stain/index.ts')
  const { completeMethod, parseAssignments } = await import('../../recipe/index.ts')
  const method = pickNamed('--method', stainMethods, name) as unknown as StainMethod<object, StainFit>
  if (!method.train) {
    throw new UsageError({
      where: '--method',
      expected: 'cyclegan or multistain',
      got: name,
      hint: 'use stain fit',
    })
  }
  return {
    label: name,
    name,
    options: completeMethod('--set', method, preset, parseAssignments(set), '--preset'),
    reference: { split: 'train' as const },
    fallback: 'none' as const,
  }
}

function describeFit(fit: StainFit): string {
  const { models, target, disagreement } = fit as GanFit
  const rows = models.map(({ source, epochs, bestEpoch, ending, from, scores }) => [
    `${source} to ${target}`,
    epochs === null ? from : `${bestEpoch} of ${epochs}`,
    ...(['stain', 'texture', 'structure'] as const).map((name) => scores?.[name]?.toFixed(3) ?? '-'),
    ending ?? '-',
  ])
  const table = formatTable(
    ['generator', 'epoch kept', 'stain distance', 'texture distance', 'structure', 'ending'],
    rows,
  )
  return disagreement ? `${table}\n\n${describeMaps(disagreement)}` : table
}

// How far colour maps are off from their generators, on patches that they were not fitted to.
function describeMaps(disagreement: NonNullable<GanFit['disagreement']>): string {
  const rows = Object.entries(disagreement).map(([center, levels]) => [center, levels.toFixed(1)])
  return formatTable(['colour map of center', 'levels off from its generator'], rows)
}
