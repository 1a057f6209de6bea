// Reads Kaggle's Histopathologic Cancer Detection: train_labels.csv (id,label), train/<id>.tif, test/<id>.tif,
// 96x96 RGB. https://www.kaggle.com/c/histopathologic-cancer-detection

import { join, parse } from 'node:path'
import { pickNamed } from '../base/index.ts'
import { readCsvFile } from '../files/index.ts'
import { requireColumns } from '../formats/index.ts'
import { holds, openImageSet } from './imageSet.ts'
import { listPictures } from './listPictures.ts'
import { parseLabelNames, readLabels } from './names.ts'
import { readProvenance } from './origin.ts'
import {
  type Fault,
  findRepeats,
  type OpenedPatchSet,
  type OpenOptions,
  type Reader,
  refuseFaults,
} from './reader.ts'

/** What a part lists: its patches, and what lies in its folder besides. */
interface Listing {
  readonly ids: string[]
  readonly files: string[]
  readonly labels: Uint8Array | null
  readonly leftOut: Fault[]
  readonly faults: Fault[]
}

/** The TIFF files of a part by id, and what else looks like a picture. */
interface PartFolder {
  readonly files: ReadonlyMap<string, string>
  readonly leftOut: Fault[]
}

const parts: Record<
  string,
  (folder: PartFolder, source: string, options: OpenOptions) => Listing | Promise<Listing>
> = {
  train: listTrain,
  test: listTest,
}

/** Reader of a Histopathologic Cancer Detection folder; `train` where no part is chosen, as `test` has no labels. */
export const hcdReader: Reader = {
  about: 'Kaggle Histopathologic Cancer Detection: a folder with train_labels.csv, train/ and test/',
  parts: Object.keys(parts),
  settings: ['labelNames'],
  detect: (path) => holds(path, 'train_labels.csv', 'train'),
  open: openHcd,
}

async function openHcd(source: string, options: OpenOptions): Promise<OpenedPatchSet> {
  const part = options.part ?? 'train'
  const list = pickNamed(`${source}, part`, parts, part)
  const folders: Record<string, PartFolder> = {}
  for (const name of Object.keys(parts)) folders[name] = await listTifs(source, name)
  const listing = await list(folders[part], source, options)
  const faults = [...listing.faults, ...findRepeats(listing.ids)]
  refuseFaults(source, faults, options.isTolerant)
  return openImageSet({
    format: 'hcd',
    source,
    ...(await readProvenance(source, options, {
      origin: 'real',
      licence: null,
      dataset: 'Histopathologic Cancer Detection',
    })),
    parts: Object.fromEntries(Object.entries(folders).map(([name, { files }]) => [name, files.size])),
    ...listing,
    faults,
    centers: null,
    slides: null,
    patients: null,
  })
}

async function listTrain(
  folder: PartFolder,
  source: string,
  { labelNames = {} }: OpenOptions,
): Promise<Listing> {
  const path = join(source, 'train_labels.csv')
  const { id, label } = requireColumns(await readCsvFile(path), ['id', 'label'], path)
  const ids = id.map((word) => word.trim().replace(/\.tiff?$/i, ''))
  const files = ids.map((name) => folder.files.get(name) ?? join(source, 'train', `${name}.tif`))
  const listed = new Set(ids)
  const others = [...folder.files.keys()].filter((name) => !listed.has(name))
  const faults: Fault[] = []
  const labels = readLabels(label, ids, parseLabelNames('label names', labelNames), faults)
  const unlabelled = others.map((name) => ({ id: name, problem: 'not in train_labels.csv' }))
  return { ids, files, labels, faults, leftOut: [...folder.leftOut, ...unlabelled] }
}

function listTest({ files, leftOut }: PartFolder): Listing {
  const ids = [...files.keys()].sort()
  return { ids, files: ids.map((id) => files.get(id)!), labels: null, leftOut, faults: [] }
}

async function listTifs(source: string, part: string): Promise<PartFolder> {
  const { paths, leftOut, faults } = await listPictures(join(source, part))
  const isTif = (path: string) => /^[^/]+\.tiff?$/i.test(path)
  const others = paths
    .filter((path) => !isTif(path))
    .map((id) => ({ id, problem: `no TIFF in ${part}/ itself` }))
  const files = paths.filter(isTif).map((path) => [parse(path).name, join(source, part, path)] as const)
  return { files: new Map(files), leftOut: [...leftOut, ...others, ...faults] }
}
