// eosin embed: embeddings of a patch set, optionally after a stain fit.

import type { Command } from 'commander'
import {
  addExamples,
  type CommonOptions,
  deviceOption,
  formatOption,
  jsonOption,
  overwriteOption,
  partOption,
  printResult,
  refuseOverwrite,
  wholeNumber,
} from '../command.ts'
import { clearLine, formatCount, showProgress } from '../terminal.ts'

interface EmbedOptions extends CommonOptions {
  readonly out: string
  readonly extractor: string
  readonly set: readonly string[]
  readonly stain?: string
  readonly format?: string
  readonly part?: string
  readonly threads?: number
}

export function addEmbed(program: Command): void {
  const embed = program
    .command('embed')
    .argument('<path>', 'a patch set')
    .description('embed every patch; a stopped run goes on where it was')
    .option('--extractor <name>', 'texture, or onnx:PATH', 'texture')
    .option('--set <key=value...>', 'change an option of the extractor', [])
    .option('--stain <fit.json>', 'normalise with this fit first')
    .option('--out <folder>', 'receives embeddings.npy, patches.csv, manifest.json', 'embeddings')
    .option('--threads <n>', 'worker threads (default: all cores)', wholeNumber(1))
    .addOption(formatOption())
    .addOption(partOption())
    .addOption(deviceOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runEmbed)
  addExamples(
    embed,
    'eosin embed train.h5 --out train-texture',
    'eosin embed train.h5 --extractor onnx:dinov2.onnx --out train-dinov2',
  )
}

async function runEmbed(path: string, options: EmbedOptions): Promise<void> {
  refuseOverwrite(options.out, options.overwrite)
  const { openExtractor } = await import('../../embed/index.ts')
  const { openPatchSet } = await import('../../patches/index.ts')
  const { openStainFit, parseAssignments, writeEmbeddingFolder } = await import('../../study/index.ts')
  const stain = await openStainFit(options.stain ?? null, options.device as 'auto')
  const extractor = await openExtractor(
    { name: options.extractor, ...parseAssignments(options.set) },
    options,
  )
  try {
    const set = await openPatchSet(path, options)
    await writeEmbeddingFolder(options.out, set, stain, extractor, showProgress(`embed    ${path}`))
    await set.close()
    clearLine()
    const { count } = set
    printResult(
      options,
      { count, dimensions: extractor.dimensions, out: options.out },
      (result) => `${formatCount(count)} patches x ${result.dimensions} dimensions\n${options.out}`,
    )
  } finally {
    await extractor.close()
  }
}
