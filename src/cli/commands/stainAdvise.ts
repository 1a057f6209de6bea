// eosin stain advise: which patch to take as the reference.

import type { Command } from 'commander'
import type { PatchSet } from '../../patches/index.ts'
import type { NamedBatch, ReferenceAdvice } from '../../stain/index.ts'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  centerName,
  jsonOption,
  printResult,
  type SetOptions,
  seedOption,
  wholeNumber,
} from '../command.ts'
import { clearLine, formatTable, showProgress } from '../terminal.ts'

interface AdviseOptions extends CommonOptions, SetOptions {
  readonly center?: string
  readonly count: number
  readonly seed: number
}
const batchRows = 64

export function addStainAdvise(stain: Command): void {
  const advise = stain
    .command('advise')
    .argument('<path>', 'the patch set to choose a reference from')
    .description('name the patch that stands for a center, diverse others, and how much the choice matters')
    .option('--center <name>', 'patches of this center only', centerName)
    .option('--count <n>', 'a seeded sample of so many patches', wholeNumber(2, 2000), 200)
    .addOption(seedOption().default(0))
    .addOption(jsonOption())
    .action(runAdvise)
  addExamples(addSetOptions(advise), 'eosin stain advise train.h5 --center 0')
}

async function runAdvise(path: string, options: AdviseOptions): Promise<void> {
  const { openPatchSet } = await import('../../patches/index.ts')
  const { drawReference } = await import('../../normalise/index.ts')
  const { adviseReference } = await import('../../stain/index.ts')
  const set = await openPatchSet(path, options)
  try {
    const progress = showProgress(`patches  ${set.source}`)
    const rows = await drawReference(set, options, options.seed, '--center', progress)
    clearLine()
    const advice = await adviseReference(readNamed(set, rows))
    printResult(options, advice, describeAdvice)
  } finally {
    await set.close()
  }
}

async function* readNamed(set: PatchSet, rows: Uint32Array): AsyncGenerator<NamedBatch> {
  const { readBatches } = await import('../../patches/index.ts')
  for await (const batch of readBatches(set, rows, batchRows)) {
    yield { pixels: batch.pixels, ids: Array.from(batch.rows, (row) => set.ids[row]) }
  }
}

function describeAdvice({ candidates, spread, compared, unfit }: ReferenceAdvice): string {
  const rows = candidates.map(({ id, role, typicalDifference }) => [id, role, typicalDifference.toFixed(1)])
  return [
    formatTable(['patch', 'role', 'colour difference to the others (dE)'], rows),
    '',
    `${compared} patches compared, ${unfit.length} cannot be a reference.`,
    `Another patch than the medoid changes colours by ${spread.median.toFixed(1)} dE as a rule, ${spread.largest.toFixed(1)} dE at most.`,
  ].join('\n')
}
