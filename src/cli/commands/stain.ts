// eosin stain fit | apply: fit a method on reference patches, apply a fit to others.

import { extname } from 'node:path'
import { type Command, Option } from 'commander'
import { DataError, type Pixels, parseDecimal, pickNamed } from '../../base/index.ts'
import type { FittedStain, StainWorkers } from '../../normalise/index.ts'
import type { PatchSet } from '../../patches/index.ts'
import type { PlainOptions, StainEntry } from '../../recipe/index.ts'
import type { StainFit, StainMethod, Verdict } from '../../stain/index.ts'
import type { FolderKind } from '../../tasks/index.ts'
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
  threadsOption,
  wholeNumber,
} from '../command.ts'
import { checkDevice } from '../device.ts'
import { claimFiles, refuseFolder } from '../outFile.ts'
import { clearLine, formatCount, sayNote, showProgress } from '../terminal.ts'
import { addStainAdvise } from './stainAdvise.ts'
import { addStainCompare } from './stainCompare.ts'
import { addStainTrain } from './stainTrain.ts'

interface StainOptions extends CommonOptions, SetOptions {
  readonly out: string
}
interface FitOptions extends StainOptions {
  readonly method: string
  readonly set: readonly string[]
  readonly count: number
  readonly center?: string
  readonly ids?: readonly string[]
  readonly seed: number
}
interface ApplyOptions extends StainOptions {
  readonly fit: string
  readonly fallback: StainEntry['fallback']
  readonly threads?: number
}

export function addStain(program: Command): void {
  const stain = program
    .command('stain')
    .description('normalise the stain: fit on a reference, apply to patches')
  const fit = stain
    .command('fit')
    .argument('<path>', 'the patch set that holds the reference')
    .description('fit a stain method on reference patches')
    .requiredOption('--method <name>', 'none, grayscale, macenko ...')
    .option('--set <key=value...>', 'change an option of the method', [])
    .option('--center <name>', 'reference patches from this center only', centerName)
    .option('--ids <id...>', 'these reference patches')
    .option('--count <n>', 'a seeded sample of so many reference patches', wholeNumber(1, 1_000_000), 64)
    .option('--out <file.json>', 'receives the fit', 'fit.json')
    .addOption(seedOption().default(0))
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runFit)
  addExamples(addSetOptions(fit), 'eosin stain fit train.h5 --method macenko --center 0 --out center0.json')
  const apply = stain
    .command('apply')
    .argument('<path>', 'a patch set')
    .description('normalise every patch; each gets a verdict (ok, fallback, passthrough, rejected)')
    .requiredOption('--fit <path>', 'what stain fit or stain train wrote')
    .requiredOption('--out <path>', "a file.h5 in the challenge's layout, or a folder for PNG files")
    .addOption(
      new Option('--fallback <group>', 'whose fit a patch with too little tissue takes')
        .choices(['slide', 'center', 'none'])
        .default('slide'),
    )
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runApply)
  addExamples(addSetOptions(apply), 'eosin stain apply test.h5 --fit center0.json --out normalised.h5')
  addStainTrain(stain)
  addStainAdvise(stain)
  addStainCompare(stain)
}

async function runFit(path: string, options: FitOptions): Promise<void> {
  await claimFiles([options.out], options.overwrite, () => fitMethod(path, options))
}

async function fitMethod(path: string, options: FitOptions): Promise<void> {
  const { openPatchSet, readPixels } = await import('../../patches/index.ts')
  const { completeOptions, parseAssignments } = await import('../../recipe/index.ts')
  const { drawReference, writeStainFit } = await import('../../normalise/index.ts')
  const method = await pickMethod(options.method)
  const chosen = completeOptions<object>(
    '--set',
    method as StainMethod<object, StainFit>,
    parseAssignments(options.set),
  )
  const set = await openPatchSet(path, options)
  try {
    const progress = showProgress(`patches  ${set.source}`)
    const rows = await drawReference(set, options, options.seed, '--center or --ids', progress)
    clearLine()
    const fit = await method.fit(readPixels(set, rows), chosen)
    const file = { method: method.name, version: method.version, options: chosen as PlainOptions, fit }
    await writeStainFit(options.out, file)
    printResult(
      options,
      file,
      () => `${method.name} fitted on ${formatCount(rows.length)} patches\n${options.out}`,
    )
  } finally {
    await set.close()
  }
}

async function runApply(path: string, options: ApplyOptions): Promise<void> {
  const { out, overwrite } = options
  if (isHdf5(out)) return claimFiles([out], overwrite, () => applyFit(path, options))
  await refuseFolder(out, pngFolder, overwrite)
  return applyFit(path, options)
}

function isHdf5(out: string): boolean {
  return extname(out) === '.h5'
}

async function applyFit(path: string, options: ApplyOptions): Promise<void> {
  const { openPatchSet } = await import('../../patches/index.ts')
  const { listDeviceParts } = await import('../../recipe/index.ts')
  const { openStainFit, openStainWorkers } = await import('../../normalise/index.ts')
  const place = { provider: options.device as 'auto', threads: options.threads }
  const { entry, ...fitted } = await openStainFit(options.fit, place)
  await checkDevice(options.device, () => listDeviceParts({ stain: [entry.name] }))
  const stain = { ...fitted, entry: { ...entry, fallback: options.fallback } }
  const set = await openPatchSet(path, options)
  const workers = openStainWorkers(options.threads)
  try {
    const verdicts: VerdictTally = {}
    const patches = normalise(set, stain, workers, verdicts)
    if (isHdf5(options.out)) await writeChallengeFile(options.out, set, patches)
    else await writePngFolder(options, set, patches)
    clearLine()
    printResult(options, { count: set.count, verdicts, out: options.out }, () =>
      [
        ...Object.entries(verdicts).map(([verdict, count]) => `${verdict.padEnd(13)}${formatCount(count)}`),
        options.out,
      ].join('\n'),
    )
  } finally {
    await workers.close()
    await set.close()
  }
}

async function pickMethod(name: string): Promise<StainMethod<unknown, StainFit>> {
  const { stainMethods } = await import('../../stain/index.ts')
  return pickNamed('--method', stainMethods, name) as unknown as StainMethod<unknown, StainFit>
}

type VerdictTally = Partial<Record<Verdict, number>>

interface NormalisedPatch {
  readonly row: number
  readonly pixels: Pixels
}

// Yields each normalised patch with its row, counting verdicts on the way.
async function* normalise(
  set: PatchSet,
  stain: FittedStain,
  workers: StainWorkers,
  verdicts: VerdictTally,
): AsyncGenerator<NormalisedPatch> {
  const { allRows, orderPatches } = await import('../../patches/index.ts')
  const { fitOwnGroups, stainBatches } = await import('../../normalise/index.ts')
  const { pixelsAt } = await import('../../base/index.ts')
  const progress = showProgress(`stain    ${set.source}`)
  const rows = allRows(set)
  const groups = await fitOwnGroups(set, stain.entry, () => orderPatches(set, rows, progress))
  let done = 0
  for await (const { rows: batch, result } of stainBatches(set, rows, stain, groups, { workers })) {
    for (let i = 0; i < result.pixels.count; i++) {
      verdicts[result.verdicts[i]] = (verdicts[result.verdicts[i]] ?? 0) + 1
      yield { row: batch[i], pixels: pixelsAt(result.pixels, i) }
    }
    done += result.pixels.count
    progress(done, set.count)
  }
}

async function writeChallengeFile(out: string, set: PatchSet, patches: AsyncIterable<NormalisedPatch>) {
  const { createChallengeFile } = await import('../../patches/index.ts')
  const { height, width, origin } = set
  const inGroup = set.ids.find((id) => /^$|\/|^\.$/.test(id))
  if (inGroup !== undefined) throw unfitName(out, 'ids that can name a group', inGroup)
  const [centers, slides] = [set.centers, set.slides].map((names) =>
    names?.map((name) => readNumber(out, name)),
  )
  const target = await createChallengeFile(out, {
    compress: true,
    height,
    width,
    origin,
    licence: set.licence ?? undefined,
  })
  try {
    for await (const { row, pixels } of patches) {
      const [center, slide] = [centers?.[row], slides?.[row]]
      target.append({ id: set.ids[row], image: pixels.data, label: set.labels?.[row], center, slide })
    }
    await target.close()
  } catch (cause) {
    await target.discard()
    throw cause
  }
}

function readNumber(out: string, name: string): number {
  const number = parseDecimal(name)
  if (number !== undefined && Number.isSafeInteger(number)) return number
  throw unfitName(out, 'centers and slides that are whole numbers', name)
}

function unfitName(out: string, expected: string, name: string): DataError {
  return new DataError({
    where: out,
    expected: `${expected}, as the challenge's layout holds them`,
    got: `'${name}'`,
    hint: 'give --out a folder for PNG files',
  })
}

const pngFolder: FolderKind = {
  about: 'a folder of normalised PNG files',
  manifest: 'manifest.json',
  key: 'normalised',
  isOwn: () => false, // but for the files that the manifest lists
}

async function writePngFolder(
  { out: path, overwrite }: ApplyOptions,
  set: PatchSet,
  patches: AsyncIterable<NormalisedPatch>,
) {
  const { encodePng, nameFiles, writeFileAtomic } = await import('../../files/index.ts')
  const { makeWholeFolder } = await import('../../tasks/index.ts')
  const names = nameFiles(set.source, set.ids, '.png')
  await makeWholeFolder(path, {
    onWait: sayNote,
    check: () => refuseFolder(path, pngFolder, overwrite), // another process may have made it meanwhile
    async fill(work) {
      const manifest = { normalised: set.source, files: names }
      await writeFileAtomic(`${work}/${pngFolder.manifest}`, `${JSON.stringify(manifest, null, 1)}\n`)
      for await (const { row, pixels } of patches) {
        await writeFileAtomic(`${work}/${names[row]}`, await encodePng(pixels))
      }
    },
  })
}
