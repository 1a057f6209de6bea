// eosin patches: look at a patch set, verify it, or make a synthetic one.

import { dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { clipText } from '../../base/index.ts'
import type { FolderKind } from '../../tasks/index.ts'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  jsonOption,
  overwriteOption,
  printResult,
  type SetOptions,
  seedOption,
  share,
  wholeNumber,
} from '../command.ts'
import { makeSynthetic } from '../makeSynthetic.ts'
import { refuseOverwrite } from '../outFile.ts'
import { clearLine, formatCount, formatTable, sayNote, showProgress } from '../terminal.ts'

type OpenOptions = CommonOptions & SetOptions
interface MakeOptions extends CommonOptions {
  readonly train: number
  readonly val: number
  readonly test: number
  readonly size: number
  readonly seed: number
  readonly aberrant: number
  readonly truth: 'none' | 'stains' | 'maps'
  readonly testLabels?: boolean
}

export function addPatches(program: Command): void {
  const patches = program.command('patches').description('look at, verify or make patch sets')
  const info = patches
    .command('info')
    .argument('<path>', 'an HDF5 file, a CSV or a folder')
    .description('count patches by split, center, slide and label; pixel range, dtype, storage')
    .addOption(jsonOption())
    .action(showInfo)
  addExamples(
    addSetOptions(info),
    'eosin patches info train.h5',
    'eosin patches info camelyon17_v1.0 --part val',
  )
  const check = patches
    .command('check')
    .argument('<path>', 'an HDF5 file, a CSV or a folder')
    .description('read every patch and report each that is damaged; exit code 1 where there are any')
    .addOption(jsonOption())
    .action(checkPath)
  addExamples(addSetOptions(check), 'eosin patches check train.h5')
  const make = patches
    .command('make')
    .argument('<folder>', 'receives train.h5, val.h5, test.h5 and their truth')
    .description('make synthetic H&E-like patches of five centers with known truth')
    .option('--train <n>', 'patches of centers 0, 3, 4', wholeNumber(1, 10_000_000), 1400)
    .option('--val <n>', 'patches of center 1', wholeNumber(1, 10_000_000), 500)
    .option('--test <n>', 'patches of center 2', wholeNumber(1, 10_000_000), 500)
    .option('--size <px>', 'side of a patch', wholeNumber(48, 1024), 96)
    .option('--aberrant <share>', 'share of patches with black or white regions', share, 0.01)
    .addOption(
      new Option('--truth <what>', 'stains: vectors a patch; maps: concentrations too')
        .choices(['none', 'stains', 'maps'])
        .default('stains'),
    )
    .option('--test-labels', 'write labels into test.h5 too')
    .addOption(seedOption().default(0))
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(makePatches)
  addExamples(
    make,
    'eosin patches make data',
    'eosin patches make data --train 100000 --val 35000 --test 85000',
  )
}

async function showInfo(path: string, { json, ...options }: OpenOptions): Promise<void> {
  const { describePatches, openPatchSet } = await import('../../patches/index.ts')
  const set = await openPatchSet(path, options)
  try {
    const info = await describePatches(set)
    printResult({ json }, info, (result) => describeInfo({ ...result }))
  } finally {
    await set.close()
  }
}

// Scalars as a list, counts as one small table each; what the data does not say is said to be unknown.
function describeInfo(info: Record<string, unknown>): string {
  const lines: string[] = []
  const tables: string[] = []
  for (const [key, value] of Object.entries(info)) {
    if (value === null && ['layout', 'leftOut'].includes(key)) continue // nothing to say
    if (value !== null && typeof value === 'object') {
      tables.push(describeCounts(key, value as Record<string, unknown>))
    } else {
      const shown = typeof value === 'number' ? formatCount(value) : String(value ?? 'unknown')
      lines.push(`${key.padEnd(16)}${shown}`)
    }
  }
  return [lines.join('\n'), ...tables].join('\n\n')
}

function describeCounts(title: string, counts: Record<string, unknown>): string {
  const shown = Object.entries(counts).slice(0, 60)
  const rows = shown.map(([name, count]) => [
    clipText(name),
    typeof count === 'number' ? formatCount(count) : JSON.stringify(count),
  ])
  const more = Object.keys(counts).length - shown.length
  return `${formatTable([title, 'patches'], rows)}${more > 0 ? `\n… and ${more} more` : ''}`
}

async function checkPath(path: string, { json, ...options }: OpenOptions): Promise<void> {
  const { checkPatches, openPatchSet } = await import('../../patches/index.ts')
  const set = await openPatchSet(path, { ...options, isTolerant: true })
  try {
    const { checked, problems, contradictions } = await checkPatches(set, showProgress(`check    ${path}`))
    clearLine()
    const { leftOut = [] } = set
    printResult({ json }, { checked, problems, contradictions, leftOut }, () =>
      [
        ...problems.map(({ id, problem }) => `${clipText(id)}: ${problem}`),
        ...contradictions.map((ids) => clipText(`equal pixels, contradicting labels: ${ids.join(', ')}`)),
        ...leftOut.map(({ id, problem }) => clipText(`left out: ${id}: ${problem}`)),
        `${formatCount(checked)} patches checked, ${new Set(problems.map(({ id }) => id)).size} damaged`,
      ].join('\n'),
    )
    if (problems.length > 0) process.exitCode = 1
  } finally {
    await set.close()
  }
}

const syntheticFolder: FolderKind = {
  about: 'a folder of synthetic patches',
  manifest: 'eosin.json',
  key: 'options',
  isOwn: (name) => /^(train|val|test)(_\w+)?\.(h5|csv|npy)$/.test(name),
}

async function makePatches(folder: string, options: MakeOptions): Promise<void> {
  const { train, val, test, size, seed, aberrant, truth, testLabels = false } = options
  refuseOverwrite(folder, options.overwrite)
  const { requireReplaceable, withLease } = await import('../../tasks/index.ts')
  const { makeFolder } = await import('../../files/index.ts')
  await requireReplaceable(folder, syntheticFolder)
  await makeFolder(dirname(resolve(folder)))
  const files = await withLease(`${resolve(folder)}.lease`, { onWait: sayNote }, () => {
    refuseOverwrite(folder, options.overwrite) // another process may have made it meanwhile
    return makeSynthetic(folder, {
      seed,
      size,
      aberrantShare: aberrant,
      truth,
      testLabels,
      counts: { train, val, test },
    })
  })
  printResult(options, files, () => Object.values(files).join('\n'))
}
