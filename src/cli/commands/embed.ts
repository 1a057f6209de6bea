// eosin embed: embeddings of a patch set, optionally after a stain fit.

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Shard } from '../../study/index.ts'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  deviceOption,
  jsonOption,
  markResumable,
  overwriteOption,
  printResult,
  type SetOptions,
  threadsOption,
} from '../command.ts'
import { checkDevice } from '../device.ts'
import { clearLine, formatCount, sayNote, showProgress } from '../terminal.ts'

interface EmbedOptions extends CommonOptions, SetOptions {
  readonly out: string
  readonly extractor: string
  readonly set: readonly string[]
  readonly views?: '1' | '8'
  readonly stain?: string
  readonly threads?: number
  readonly shard?: Shard
}

export function addEmbed(program: Command): void {
  const embed = program
    .command('embed')
    .argument('<path>', 'a patch set')
    .description('embed every patch; a stopped run goes on where it was')
    .option(
      '--extractor <name>',
      'texture, a known model (eosin weights list), vit:CARD.json, davit:CARD.json or onnx:PATH',
      'texture',
    )
    .option('--set <key=value...>', 'change an option of the extractor', [])
    .addOption(
      new Option('--views <n>', '8: the mean over the flips and quarter turns of each patch').choices([
        '1',
        '8',
      ]),
    )
    .option('--stain <fit.json>', 'normalise with this fit first')
    .option('--out <folder>', 'receives embeddings.npy, patches.csv, manifest.json', 'embeddings')
    .option(
      '--shard <i/n>',
      'embed the i-th of n parts only (1/4 ... 4/4); the last one there joins them',
      shard,
    )
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runEmbed)
  markResumable(embed)
  addExamples(
    addSetOptions(embed),
    'eosin embed train.h5 --out train-texture',
    'eosin embed train.h5 --views 8 --out train-texture-views',
    'eosin embed train.h5 --extractor dinov2-small --set precision=int8 --out train-dinov2',
    'eosin embed train.h5 --extractor onnx:dinov2.onnx --out train-dinov2 --shard 2/4',
  )
}

// `2/4` -> the second of four.
function shard(text: string): Shard {
  const [index, of] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text)?.slice(1).map(Number) ?? [0, 0]
  if (index >= 1 && index <= of && of <= 10_000) return { index, of }
  throw new InvalidArgumentError('i/n, from 1/n to n/n, n at most 10000')
}

async function runEmbed(path: string, options: EmbedOptions): Promise<void> {
  const { describeAgreement, openExtractor } = await import('../../embed/index.ts')
  const { openPatchSet } = await import('../../patches/index.ts')
  const { listDeviceParts, parseAssignments } = await import('../../recipe/index.ts')
  const { openStainFit } = await import('../../normalise/index.ts')
  const { writeEmbeddingFolder } = await import('../../study/index.ts')
  const place = { provider: options.device as 'auto', threads: options.threads }
  const stain = await openStainFit(options.stain ?? null, place)
  const extractor = await openExtractor(
    {
      name: options.extractor,
      ...parseAssignments(options.set),
      ...(options.views && { views: Number(options.views) }),
    },
    options,
  )
  try {
    const names = { stain: [stain.entry.name], embed: [options.extractor] }
    await checkDevice(options.device, () => listDeviceParts(names))
    const set = await openPatchSet(path, options)
    const progress = showProgress(`embed    ${path}`)
    const { out: folder, shard: part, overwrite } = options
    const job = { folder, set, stain, extractor, progress, shard: part, overwrite, onWait: sayNote }
    const outcome = await writeEmbeddingFolder(job)
    await set.close()
    clearLine()
    const { rows: count, folder: out, missingShards, agreement } = outcome
    const { dimensions, views } = extractor
    printResult(options, { count, dimensions, ...(views && { views }), out, missingShards, agreement }, () =>
      [
        `${formatCount(count)} patches x ${dimensions} dimensions${views ? `, means over ${views} views` : ''}`,
        ...(agreement ? [describeAgreement(agreement)] : []),
        out,
        ...(missingShards.length > 0
          ? [`not there yet: ${missingShards.map((i) => `shard ${i}`).join(', ')}`]
          : []),
      ].join('\n'),
    )
  } finally {
    await extractor.close()
  }
}
