// Reads PatchCamelyon: camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5 or .h5.gz (x (N, 96, 96, 3) uint8,
// y (N, 1, 1, 1) uint8) and, where it lies beside them, ..._meta.csv. Veeling et al. 2018,
// https://github.com/basveeling/pcam (CC0). It does not say which hospital a patch is of.

import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DataError, pixels, UnknownNameError } from '../base/index.ts'
import { type Hdf5Dataset, type Hdf5File, openHdf5, readCsvFile } from '../files/index.ts'
import { requireColumns } from '../formats/index.ts'
import { openBlocks } from './blocks.ts'
import { joinPatchSets } from './joinedSet.ts'
import { parseLabel, readNames } from './names.ts'
import { readProvenance } from './origin.ts'
import {
  type Fault,
  fingerprintFiles,
  type OpenedPatchSet,
  type OpenOptions,
  type Reader,
  refuseFaults,
} from './reader.ts'
import { unpackGzip } from './unpack.ts'

const parts = ['train', 'valid', 'test'] as const
const filePattern = /^camelyonpatch_level_2_split_(train|valid|test)_x\.h5(\.gz)?$/

/** Reader of PatchCamelyon: the folder, or one of its `x` files; all parts together where none is chosen. */
export const pcamReader: Reader = {
  about: 'PatchCamelyon: a folder with camelyonpatch_level_2_split_*_{x,y}.h5 or .h5.gz, or one x file',
  parts,
  async detect(path) {
    return Object.keys(await findParts(path)).length > 0
  },
  open: openPcam,
}

/** The `x` file of each part that is there; the unpacked one where there are both. */
async function findParts(path: string): Promise<Record<string, string>> {
  const isFile = (await stat(path).catch(() => undefined))?.isFile()
  const folder = isFile ? dirname(path) : path
  const names = isFile ? [basename(path)] : await readdir(path).catch(() => [])
  const found: Record<string, string> = {}
  for (const part of parts) {
    const files = names.filter((name) => filePattern.exec(name)?.[1] === part).sort()
    if (files.length > 0) found[part] = join(folder, files[0])
  }
  return found
}

async function openPcam(source: string, options: OpenOptions): Promise<OpenedPatchSet> {
  const found = await findParts(source)
  const wanted = options.part === undefined ? Object.keys(found) : [options.part]
  const sets: Record<string, OpenedPatchSet> = {}
  for (const part of wanted) {
    if (!Object.hasOwn(found, part)) throw new UnknownNameError(`${source}, part`, part, Object.keys(found))
    sets[part] = await openPart(source, found[part], options)
  }
  if (wanted.length === 0)
    throw new DataError({ where: source, expected: 'PatchCamelyon files', got: 'none' })
  const opened = wanted.length === 1 ? sets[wanted[0]] : joinPatchSets(source, sets)
  return { ...opened, parts: Object.fromEntries(wanted.map((part) => [part, sets[part].count])) }
}

async function openPart(source: string, path: string, options: OpenOptions): Promise<OpenedPatchSet> {
  const file = await openHdf5(await unpackGzip(path))
  try {
    const x = await describeImages(path, file)
    if (!options.isTolerant) await file.expectWritten(x) // before anything is made for each of its patches
    const faults: Fault[] = []
    const labels = await readLabels(path, x.shape[0], faults)
    const slides = await readSlides(path, x.shape[0], faults)
    refuseFaults(path, faults, options.isTolerant)
    const decisive = [path, await findLabelFile(path), await findMetaFile(path), ...file.otherFiles()]
    const [count, height, width] = x.shape
    const blocks = openBlocks(file, x)
    return {
      format: 'pcam',
      source,
      ...(await readProvenance(dirname(path), options, {
        origin: 'real',
        licence: 'CC0-1.0',
        dataset: 'PatchCamelyon',
      })),
      storage: `${[x.chunks ? `chunked (${x.chunks.join(', ')})` : 'contiguous', ...x.filters].join(' ')} uint8 NHWC`,
      dtype: 'u8',
      parts: null,
      faults,
      count,
      height,
      width,
      ids: Array.from({ length: count }, (_, row) => String(row)),
      centers: null,
      slides,
      patients: null,
      labels,
      read: async (rows) => pixels(await blocks.read(rows), rows.length, height, width),
      fingerprint: () => fingerprintFiles(decisive),
      files: decisive.filter((file) => file !== undefined),
      close: () => file.close(),
    }
  } catch (cause) {
    await file.close()
    throw cause
  }
}

async function describeImages(path: string, file: Hdf5File): Promise<Hdf5Dataset> {
  const x = await file.describe('x')
  if (!x)
    throw new DataError({
      where: path,
      expected: "a dataset 'x'",
      got: (await file.list('/')).slice(0, 8).join(', '),
    })
  if (x.kind !== 'u8' || x.shape.length !== 4 || x.shape[3] !== 3 || x.shape.includes(0)) {
    const hint = x.shape[1] === 3 ? 'the channels come last: transpose it' : undefined
    throw new DataError({
      where: `${path}/x`,
      expected: 'u8 (N, H, W, 3)',
      got: `${x.type} (${x.shape.join(', ')})`,
      hint,
    })
  }
  return x
}

async function findBeside(path: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const candidate = join(dirname(path), name)
    if (await stat(candidate).catch(() => undefined)) return candidate
  }
  return undefined
}

function stemOf(path: string): string {
  return basename(path).replace(/_x\.h5(\.gz)?$/, '')
}

function findLabelFile(path: string): Promise<string | undefined> {
  return findBeside(path, [`${stemOf(path)}_y.h5`, `${stemOf(path)}_y.h5.gz`])
}

async function readLabels(path: string, count: number, faults: Fault[]): Promise<Uint8Array | null> {
  const beside = await findLabelFile(path)
  if (!beside) return null
  const file = await openHdf5(await unpackGzip(beside))
  try {
    const values = await file.readNumbers('y', count)
    if (values?.length !== count) {
      throw new DataError({
        where: `${beside}/y`,
        expected: `${count} labels`,
        got: `${values?.length ?? 'none'}`,
      })
    }
    return Uint8Array.from(values, (value, row) => {
      const label = parseLabel(value)
      if (label === undefined) faults.push({ id: String(row), problem: `label ${value}, not 0 or 1` })
      return label ?? 0
    })
  } finally {
    await file.close()
  }
}

function findMetaFile(path: string): Promise<string | undefined> {
  return findBeside(path, [`${stemOf(path)}_meta.csv`])
}

async function readSlides(path: string, count: number, faults: Fault[]): Promise<readonly string[] | null> {
  const beside = await findMetaFile(path)
  if (!beside) return null
  const { wsi } = requireColumns(await readCsvFile(beside), ['wsi'], beside)
  if (wsi.length !== count) {
    throw new DataError({ where: beside, expected: `${count} rows`, got: `${wsi.length}` })
  }
  return readNames(
    'slide',
    wsi,
    wsi.map((_, row) => String(row)),
    faults,
  )
}
