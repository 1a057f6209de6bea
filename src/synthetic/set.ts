// Synthetic patches as a patch set that renders when read, and as files in the challenge's layout with the
// truth beside them.

import { readdir, rename, rm, statfs } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { DataError, type Pixels, type Progress, pixels, silent } from '../base/index.ts'
import {
  createNpy,
  explainWriteError,
  hashBytes,
  makeFolder,
  trackUnfinished,
  writeFileAtomic,
} from '../files/index.ts'
import { createChallengeFile, type PatchSet, sidecarName } from '../patches/index.ts'
import { renderSyntheticBatch, type SyntheticBatch, type SyntheticTask } from './batch.ts'
import {
  completeSyntheticOptions,
  describeSyntheticPatch,
  renderSyntheticPatch,
  type SyntheticOptions,
  type SyntheticSplit,
  syntheticVersion,
} from './synthetic.ts'

const splits = ['train', 'val', 'test'] as const satisfies readonly SyntheticSplit[]
const licence = 'CC0-1.0'

/**
 * Opens a split as a patch set; patches are rendered when read, so reading one costs some milliseconds.
 * As in the challenge, test has labels, centers and slides only where `testLabels` is set.
 */
export function openSyntheticSet(split: SyntheticSplit, options: Partial<SyntheticOptions> = {}): PatchSet {
  const complete = completeSyntheticOptions(options)
  const { size } = complete
  const count = complete.counts[split]
  const rows = Array.from({ length: count }, (_, index) => describeSyntheticPatch(complete, split, index))
  const isOpen = split !== 'test' || complete.testLabels
  return {
    format: 'synthetic',
    source: `synthetic:${split}`,
    origin: 'synthetic',
    licence,
    storage: 'rendered when read, uint8 HWC',
    count,
    height: size,
    width: size,
    ids: rows.map((_, index) => `${index}`),
    centers: isOpen ? rows.map(({ center }) => center) : null,
    slides: isOpen ? rows.map(({ slide }) => `${slide}`) : null,
    patients: null,
    labels: isOpen ? Uint8Array.from(rows, ({ label }) => label) : null,
    read: (wanted) => renderRows(complete, split, wanted),
    fingerprint: async () => fingerprintOptions(complete, split),
    files: [],
    close: async () => {},
  }
}

async function renderRows(
  options: SyntheticOptions,
  split: SyntheticSplit,
  rows: ArrayLike<number>,
): Promise<Pixels> {
  const { size } = options
  const length = size * size * 3
  const data = new Uint8Array(rows.length * length)
  for (let i = 0; i < rows.length; i++) {
    if (!(rows[i] < options.counts[split])) {
      const expected = `rows below ${options.counts[split]}`
      throw new DataError({ where: `synthetic:${split}`, expected, got: `${rows[i]}` })
    }
    data.set(renderSyntheticPatch(options, split, rows[i]).pixels, i * length)
  }
  return pixels(data, rows.length, size, size)
}

// What decides the pixels and what is told of them; counts of other splits and kept truth do not.
function fingerprintOptions(options: SyntheticOptions, split: SyntheticSplit): string {
  const { seed, size, slidesPerCenter, aberrantShare, difficulty, testLabels, counts } = options
  const told = { seed, size, slidesPerCenter, aberrantShare, difficulty, testLabels }
  return hashBytes(JSON.stringify({ syntheticVersion, split, count: counts[split], ...told }))
}

/** Where the files of a synthetic challenge lie. */
export interface SyntheticPaths {
  readonly train: string
  readonly val: string
  readonly test: string
}

/** Renders a task, here or on a thread that runs `syntheticWorker`. */
export type SyntheticRenderer = (task: SyntheticTask) => Promise<SyntheticBatch>

/** The module whose `runTask` renders a task on a worker thread. */
export const syntheticWorker = new URL('./batch.ts', import.meta.url)

/**
 * Writes train.h5, val.h5 and test.h5 into `folder`, the truth as CSV (and concentration maps as .npy matrices,
 * one row a patch, where asked), and eosin.json with the options. Files appear when all of them are
 * complete; the same options give the same bytes. `render` may hand tasks to threads. Throws DataError on options out of range.
 */
export async function makeSyntheticChallenge(
  folder: string,
  options: Partial<SyntheticOptions> = {},
  progress: Progress = silent,
  render: SyntheticRenderer = async (task) => renderSyntheticBatch(task),
): Promise<SyntheticPaths> {
  const complete = completeSyntheticOptions(options)
  const temporary = temporaryFolder(folder)
  const unfinished = trackUnfinished(temporary)
  try {
    await clearFolder(temporary, folder)
    await requireRoom(temporary, complete)
    const total = splits.reduce((sum, split) => sum + complete.counts[split], 0)
    let before = 0
    for (const split of splits) {
      const start = before
      await writeSplit(temporary, complete, split, render, (done) => progress(start + done, total, split))
      before += complete.counts[split]
    }
    const about = { origin: 'synthetic', licence, version: syntheticVersion, options: complete }
    await writeFileAtomic(join(temporary, sidecarName), `${JSON.stringify(about, null, 2)}\n`)
    await moveFiles(temporary, folder)
  } finally {
    await rm(temporary, { recursive: true, force: true })
    unfinished.done()
  }
  return {
    train: join(folder, 'train.h5'),
    val: join(folder, 'val.h5'),
    test: join(folder, 'test.h5'),
  }
}

// Beside the folder and not in the system's: renaming works only within one file system. What a killed run
// left there is removed first.
function temporaryFolder(folder: string): string {
  return join(dirname(resolve(folder)), `.${basename(resolve(folder))}.partial`)
}

async function clearFolder(temporary: string, folder: string): Promise<void> {
  try {
    await rm(temporary, { recursive: true, force: true })
    await makeFolder(temporary)
  } catch (cause) {
    throw explainWriteError(folder, cause)
  }
}

// Refuses what would fill the disk before anything is rendered.
async function requireRoom(folder: string, { counts, size }: SyntheticOptions): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const bytes = splits.reduce((sum, split) => sum + counts[split], 0) * size * size * 3
  if (bytes <= bavail * bsize) return
  const inMib = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`
  throw new DataError({
    where: folder,
    expected: `room for ${inMib(bytes)} of pixels`,
    got: inMib(bavail * bsize),
    hint: 'make fewer or smaller patches, or choose another folder',
  })
}

async function moveFiles(from: string, to: string): Promise<void> {
  try {
    await makeFolder(to)
    for (const name of await readdir(from)) await rename(join(from, name), join(to, name))
  } catch (cause) {
    throw explainWriteError(to, cause)
  }
}

async function writeSplit(
  folder: string,
  options: SyntheticOptions,
  split: SyntheticSplit,
  render: SyntheticRenderer,
  progress: (done: number) => void,
): Promise<void> {
  const { size, truth, testLabels } = options
  const layout = { height: size, width: size, origin: 'synthetic', licence } as const
  const file = await createChallengeFile(join(folder, `${split}.h5`), layout)
  const maps = truth === 'maps' ? await openMaps(folder, split, size) : null
  const lines = [truthColumns.join(',')]
  try {
    for await (const { from, batch } of renderAhead(options, split, render)) {
      for (const [i, patch] of batch.truths.entries()) {
        const image = batch.pixels.subarray(i * size * size * 3, (i + 1) * size * size * 3)
        const { label, slide } = patch
        const told = split !== 'test' || testLabels ? { label, center: Number(patch.center), slide } : {}
        file.append({ id: `${from + i}`, image, ...told })
        lines.push(formatTruth(from + i, patch))
      }
      if (batch.maps) await maps?.append(batch.maps)
      progress(from + batch.truths.length)
      await setImmediate() // lets signals through
    }
  } catch (cause) {
    await file.discard()
    await maps?.discard()
    throw cause
  }
  await file.close()
  await maps?.close()
  if (truth !== 'none' || split === 'test') {
    await writeFileAtomic(join(folder, `${split}_truth.csv`), `${lines.join('\n')}\n`)
  }
}

const batchSize = 32
const batchesAhead = 8

// The batches of a split in order, several of them in work at once where `render` runs on threads.
async function* renderAhead(options: SyntheticOptions, split: SyntheticSplit, render: SyntheticRenderer) {
  const total = options.counts[split]
  const queue: { from: number; batch: Promise<SyntheticBatch> }[] = []
  for (let from = 0; from < total || queue.length > 0; from += batchSize) {
    if (from < total) {
      const batch = render({ options, split, from, count: Math.min(batchSize, total - from) })
      batch.catch(() => {}) // it is awaited later, or not at all after another's failure
      queue.push({ from, batch })
    }
    if (queue.length < batchesAhead && from + batchSize < total) continue
    const next = queue.shift()!
    yield { from: next.from, batch: await next.batch }
  }
}

async function openMaps(folder: string, split: SyntheticSplit, size: number) {
  const names = ['hematoxylin', 'eosin', 'tumour'] as const
  const writers = await Promise.all(
    names.map((name) => createNpy(join(folder, `${split}_${name}.npy`), size * size)),
  )
  const all = async (act: (i: number) => Promise<void>) => {
    await Promise.all(names.map((_, i) => act(i)))
  }
  return {
    append: (maps: NonNullable<SyntheticBatch['maps']>) => all((i) => writers[i].append(maps[names[i]])),
    close: () => all((i) => writers[i].close()),
    discard: () => all((i) => writers[i].discard()),
  }
}

const truthColumns = [
  ...['id', 'label', 'center', 'slide', 'tumour', 'tumour_share', 'aberration'],
  ...['h_r', 'h_g', 'h_b', 'e_r', 'e_g', 'e_b', 'h_strength', 'e_strength'],
  ...['white_r', 'white_g', 'white_b', 'gamma', 'blur', 'noise', 'sharpening', 'jpeg_quality'],
]

function formatTruth(index: number, truth: SyntheticBatch['truths'][number]): string {
  const { hematoxylin, eosin, strength, white, gamma, blur, noise, sharpening, quality } = truth.stains
  const numbers = [...hematoxylin, ...eosin, ...strength, ...white, gamma, blur, noise, sharpening]
  return [
    ...[index, truth.label, truth.center, truth.slide, truth.tumour, truth.tumourShare.toFixed(4)],
    truth.aberration ?? '',
    ...numbers.map((value) => value.toFixed(6)),
    quality,
  ].join(',')
}
