// eosin stain advise | compare: which patch to take as the reference, and which method to take.

import type { Command } from 'commander'
import { DataError, joinPixels, type Pixels, pickNamed, pixelsAt } from '../../base/index.ts'
import type { PatchSet } from '../../patches/index.ts'
import type {
  MethodComparison,
  NamedBatch,
  ReferenceAdvice,
  StainFit,
  StainMethod,
} from '../../stain/index.ts'
import {
  addExamples,
  type CommonOptions,
  formatOption,
  jsonOption,
  overwriteOption,
  partOption,
  printResult,
  refuseOverwrite,
  seedOption,
  wholeNumber,
} from '../command.ts'
import { formatTable, say } from '../terminal.ts'

interface ChoiceOptions extends CommonOptions {
  readonly format?: string
  readonly part?: string
  readonly center?: string
  readonly count: number
  readonly seed: number
}
interface CompareOptions extends ChoiceOptions {
  readonly methods: readonly string[]
  readonly out: string
}

const batchRows = 64

export function addStainChoice(stain: Command): void {
  const advise = stain
    .command('advise')
    .argument('<path>', 'the patch set to choose a reference from')
    .description('name the patch that stands for a center, diverse others, and how much the choice matters')
    .option('--center <name>', 'patches of this center only')
    .option('--count <n>', 'a seeded sample of so many patches', wholeNumber(2), 200)
    .addOption(seedOption().default(0))
    .addOption(formatOption())
    .addOption(partOption())
    .addOption(jsonOption())
    .action(runAdvise)
  addExamples(advise, 'eosin stain advise train.h5 --center 0')
  const compare = stain
    .command('compare')
    .argument('<path>', 'a patch set')
    .description('write a page of patches x methods with what each keeps and how near it brings the centers')
    .option('--methods <name...>', 'stain methods', ['none', 'macenko', 'reinhard', 'vahadane'])
    .option('--center <name>', 'the center that is the reference (default: all patches shown)')
    .option('--count <n>', 'so many patches of each center', wholeNumber(1), 4)
    .option('--out <file.html>', 'the page', 'stain-compare.html')
    .addOption(seedOption().default(0))
    .addOption(formatOption())
    .addOption(partOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runCompare)
  addExamples(compare, 'eosin stain compare train.h5 --methods none macenko reinhard --center 0')
}

async function runAdvise(path: string, options: ChoiceOptions): Promise<void> {
  const { allRows, openPatchSet } = await import('../../patches/index.ts')
  const { chooseReference } = await import('../../study/index.ts')
  const { adviseReference } = await import('../../stain/index.ts')
  const set = await openPatchSet(path, options)
  try {
    const rows = chooseReference(set, allRows(set), options, options.seed, '--center')
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

async function runCompare(path: string, options: CompareOptions): Promise<void> {
  refuseOverwrite(options.out, options.overwrite)
  const { openPatchSet } = await import('../../patches/index.ts')
  const { compareResult, renderComparePage, stainMethods } = await import('../../stain/index.ts')
  const { encodePng, writeFileAtomic } = await import('../../formats/index.ts')
  const methods = options.methods.map((name) => pickNamed('--methods', stainMethods, name))
  const set = await openPatchSet(path, options)
  try {
    const { before, ids, centers } = await readShown(set, options)
    const compared: MethodComparison[] = []
    for (const method of methods as unknown as StainMethod<unknown, StainFit>[]) {
      const fit = await method.fit(pickReference(before, centers, options.center), method.defaults)
      const result = await method.apply(before, fit, method.defaults)
      compared.push(compareResult(method.name, before, result, centers))
    }
    const title = `Stain methods on ${set.source} (${set.origin === 'unknown' ? 'origin not known' : set.origin})`
    const page = await renderComparePage({
      title,
      before,
      ids,
      centers,
      methods: compared,
      encode: encodePng,
    })
    await writeFileAtomic(options.out, page)
    const figures = compared.map(({ result: _, ...figures }) => figures)
    printResult(
      options,
      { figures, out: options.out },
      () => `${describeComparison(compared)}\n${options.out}`,
    )
  } finally {
    await set.close()
  }
}

// A seeded sample of each center, chosen by id.
async function readShown(set: PatchSet, { count, seed }: CompareOptions) {
  const { allRows } = await import('../../patches/index.ts')
  const { chooseReference } = await import('../../study/index.ts')
  const names = [...new Set(set.centers ?? [])].sort()
  const rows = (names.length ? names : [undefined]).flatMap((center) => [
    ...chooseReference(set, allRows(set), { center, count }, seed, '--center'),
  ])
  if (names.length < 2) say('one center only: the distance between centers cannot be told')
  return {
    before: await set.read(rows),
    ids: rows.map((row) => set.ids[row]),
    centers: rows.map((row) => set.centers?.[row] ?? '?'),
  }
}

async function* pickReference(
  shown: Pixels,
  centers: readonly string[],
  center: string | undefined,
): AsyncGenerator<Pixels> {
  const chosen = centers.flatMap((name, i) =>
    center === undefined || name === center ? [pixelsAt(shown, i)] : [],
  )
  if (chosen.length === 0) {
    const known = [...new Set(centers)].sort().join(', ')
    throw new DataError({ where: '--center', expected: `one of ${known}`, got: `${center}` })
  }
  yield joinPixels(chosen)
}

function describeComparison(compared: readonly MethodComparison[]): string {
  const rows = compared.map(({ label, similarity, hematoxylinKept, centerDistance, withinCenter }) => [
    label,
    similarity.toFixed(3),
    hematoxylinKept.toFixed(3),
    centerDistance?.toFixed(1) ?? '-',
    withinCenter.toFixed(1),
  ])
  const header = ['method', 'SSIM kept', 'hematoxylin kept', 'between centers dE', 'within a center dE']
  return formatTable(header, rows)
}
