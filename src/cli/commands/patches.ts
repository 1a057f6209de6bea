// eosin patches: look at a patch set, verify it, or make a synthetic one.

import { dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { clipText } from '../../base/index.ts'
import type { Counts, PatchSetInfo } from '../../patches/index.ts'
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
import { refuseFolder, refuseOverwrite } from '../outFile.ts'
import { formatCount, formatTable, sayNote } from '../terminal.ts'
import { addPatchesCheck } from './patchesCheck.ts'

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
  addPatchesCheck(patches)
  const make = patches
    .command('make')
    .argument('<folder>', 'receives train.h5, val.h5, test.h5 and their truth')
    .description('make synthetic H&E-like patches of five centers with known truth')
    .option('--train <n>', 'patches of centers 0, 3, 4', wholeNumber(1, 10_000_000), 1200)
    .option('--val <n>', 'patches of center 1', wholeNumber(1, 10_000_000), 400)
    .option('--test <n>', 'patches of center 2', wholeNumber(1, 10_000_000), 400)
    .option('--size <px>', 'side of a patch', wholeNumber(32, 1024), 96)
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
    printResult({ json }, info, describeInfo)
  } finally {
    await set.close()
  }
}

// What the data does not say is said to be unknown.
function describeInfo(info: PatchSetInfo): string {
  const { parts, labels, centers, slides, patients, leftOut } = info
  const lines = [
    ['source', info.source],
    ['format', info.format],
    ['patches', formatCount(info.count)],
    ['size', `${info.size} pixels`],
    ['values', `${info.range} in ${formatCount(info.sampled)} patches, stored as ${info.dtype ?? 'unknown'}`],
    ['storage', info.storage],
    ...(info.layout ? [['layout', info.layout]] : []),
    ['origin', info.origin],
    ['licence', info.licence ?? 'unknown'],
    ...(info.dataset ? [['of', `taken for ${info.dataset}`]] : []),
    ['labels', labels ? describeLabels(labels) : 'unknown'],
    ['centers', centers ? formatCount(Object.keys(centers).length) : 'unknown'],
    ['slides', slides ? describeSlides(Object.values(slides)) : 'unknown'],
    ...(patients ? [['patients', formatCount(Object.keys(patients).length)]] : []),
  ]
  return [
    lines.map(([name, value]) => `${name.padEnd(9)}${value}`).join('\n'),
    ...(info.doubt ? [`Note: ${info.doubt}`] : []),
    ...(centers ? [describeCenters(info, centers)] : []),
    ...(parts ? [describeCounts('part of the whole set', parts)] : []),
    ...(leftOut ? [describeCounts('left out', leftOut)] : []),
  ].join('\n\n')
}

function describeLabels(labels: Counts): string {
  return `${formatCount(labels[0] ?? 0)} normal, ${formatCount(labels[1] ?? 0)} tumour`
}

function describeSlides(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)].map(formatCount)
  return `${formatCount(counts.length)}, of ${least === most ? least : `${least} to ${most}`} patches each`
}

function describeCenters({ labelsByCenter }: PatchSetInfo, centers: Counts): string {
  const rows = Object.entries(centers).map(([center, count]) => [
    clipText(center),
    formatCount(count),
    ...(labelsByCenter ? [0, 1].map((label) => formatCount(labelsByCenter[`${center}: ${label}`] ?? 0)) : []),
  ])
  return shorten(['center', 'patches', ...(labelsByCenter ? ['normal', 'tumour'] : [])], rows)
}

function describeCounts(title: string, counts: Counts): string {
  return shorten(
    [title, 'patches'],
    Object.entries(counts).map(([name, count]) => [clipText(name), formatCount(count)]),
  )
}

function shorten(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const more = rows.length > 60 ? `\n… and ${rows.length - 60} more` : ''
  return `${formatTable(header, rows.slice(0, 60))}${more}`
}

const syntheticFolder: FolderKind = {
  about: 'a folder of synthetic patches',
  manifest: 'eosin.json',
  key: 'options',
  isOwn: (name) => /^(train|val|test)(_\w+)?\.(h5|csv|npy)$/.test(name),
}

async function makePatches(folder: string, options: MakeOptions): Promise<void> {
  const { train, val, test, size, seed, aberrant, truth, testLabels = false } = options
  await refuseFolder(folder, syntheticFolder, options.overwrite)
  const { withLease } = await import('../../tasks/index.ts')
  const { makeFolder } = await import('../../files/index.ts')
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
