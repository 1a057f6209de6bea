// eosin stain compare: methods, and fits made earlier, side by side on patches of each center.

import type { Command } from 'commander'
import { DataError, joinPixels, type Pixels, pixelsAt } from '../../base/index.ts'
import type { FittedStain } from '../../normalise/index.ts'
import type { PatchBatch, PatchSet } from '../../patches/index.ts'
import type { MethodComparison } from '../../stain/index.ts'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  centerName,
  deviceOption,
  jsonOption,
  overwriteOption,
  printResult,
  type SetOptions,
  seedOption,
  wholeNumber,
} from '../command.ts'
import { fitMethod, openFits, pickMethods } from '../comparedStains.ts'
import { checkDevice } from '../device.ts'
import { claimFiles } from '../outFile.ts'
import { clearLine, formatTable, say, showProgress } from '../terminal.ts'

interface CompareOptions extends CommonOptions, SetOptions {
  readonly methods: readonly string[]
  readonly fits: readonly string[]
  readonly center?: string
  readonly count: number
  readonly seed: number
  readonly out: string
}

/** The patches compared, and their centers' names. */
interface Shown extends PatchBatch {
  readonly ids: readonly string[]
  readonly centers: readonly string[]
}

export function addStainCompare(stain: Command): void {
  const compare = stain
    .command('compare')
    .argument('<path>', 'a patch set')
    .description('write a page of patches x methods with what each keeps and how near it brings the centers')
    .option('--methods <name...>', 'stain methods', ['none', 'macenko', 'reinhard', 'vahadane'])
    .option('--fits <path...>', 'what stain fit or stain train wrote, beside the methods', [])
    .option('--center <name>', "the methods' reference (default: all patches shown)", centerName)
    .option('--count <n>', 'so many patches of each center', wholeNumber(1, 64), 4)
    .option('--out <file.html>', 'the page', 'stain-compare.html')
    .addOption(seedOption().default(0))
    .addOption(deviceOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runCompare)
  addExamples(
    addSetOptions(compare),
    'eosin stain compare train.h5 --methods none macenko reinhard --center 0',
    'eosin stain compare train.h5 --methods none macenko --fits center0.json multistain',
  )
}

async function runCompare(path: string, options: CompareOptions): Promise<void> {
  await claimFiles([options.out], options.overwrite, () => compare(path, options))
}

async function compare(path: string, options: CompareOptions): Promise<void> {
  const { openPatchSet } = await import('../../patches/index.ts')
  const { compareResult, renderComparePage } = await import('../../stain/index.ts')
  const { listDeviceParts } = await import('../../recipe/index.ts')
  const { stainBatch } = await import('../../normalise/index.ts')
  const { encodePng, writeFileAtomic } = await import('../../files/index.ts')
  const methods = await pickMethods(options.methods)
  const fits = await openFits(options.fits, options.device)
  const names = [...methods, ...fits.map(({ method }) => method)].map(({ name }) => name)
  await checkDevice(options.device, () => listDeviceParts({ stain: names }))
  const set = await openPatchSet(path, options)
  try {
    const shown = await readShown(set, options)
    const progress = showProgress(`stain    ${set.source}`)
    const stains: FittedStain[] = []
    for (const method of methods) stains.push(await fitMethod(method, pickReference(shown, options.center)))
    stains.push(...fits)
    const compared: MethodComparison[] = []
    for (const stain of stains) {
      const { entry, method, fit } = stain
      progress(compared.length, stains.length, entry.label)
      const result = await stainBatch(set, shown, stain, {})
      const figures = compareResult(entry.label, shown.pixels, result, shown.centers)
      compared.push({ ...figures, origin: method.origin?.(fit) })
    }
    clearLine()
    const { pixels: before, ids, centers } = shown
    const title = `Stain methods on ${set.source} (${set.origin === 'unknown' ? 'origin not known' : set.origin})`
    const page = { title, before, ids, centers, methods: compared, encode: encodePng }
    await writeFileAtomic(options.out, await renderComparePage(page))
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

// A seeded sample of each center, which the patches' content decides.
async function readShown(set: PatchSet, { count, seed }: CompareOptions): Promise<Shown> {
  const { drawReference } = await import('../../normalise/index.ts')
  const names = [...new Set(set.centers ?? [])].sort()
  const progress = showProgress(`patches  ${set.source}`)
  const chosen: number[] = []
  for (const center of names.length ? names : [undefined]) {
    chosen.push(...(await drawReference(set, { center, count }, seed, '--center', progress)))
  }
  clearLine()
  const rows = Uint32Array.from(chosen)
  if (names.length < 2) say('one center only: the distance between centers cannot be told')
  return {
    rows,
    pixels: await set.read(rows),
    ids: Array.from(rows, (row) => set.ids[row]),
    centers: Array.from(rows, (row) => set.centers?.[row] ?? '?'),
  }
}

async function* pickReference(
  { pixels, centers }: Shown,
  center: string | undefined,
): AsyncGenerator<Pixels> {
  const chosen = centers.flatMap((name, i) =>
    center === undefined || name === center ? [pixelsAt(pixels, i)] : [],
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
  const origins = compared.flatMap(({ label, origin }) => (origin ? [`${label}: ${origin}`] : []))
  return [formatTable(header, rows), ...origins].join('\n')
}
