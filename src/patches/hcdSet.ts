// Reads Kaggle's Histopathologic Cancer Detection: train_labels.csv (id,label), train/<id>.tif, test/<id>.tif,
// 96x96 RGB. https://www.kaggle.com/c/histopathologic-cancer-detection

import { readdir, stat } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { pickNamed } from '../base/index.ts'
import { readCsv, readTextFile, requireColumns } from '../formats/index.ts'
import { openImageSet } from './imageSet.ts'
import { readSidecar } from './origin.ts'
import {
  type Fault,
  type OpenedPatchSet,
  type OpenOptions,
  parseLabel,
  type Reader,
  refuseFaults,
} from './reader.ts'

interface Listing {
  readonly ids: string[]
  readonly labels: Uint8Array | null
  readonly faults: Fault[]
}

const parts: Record<string, (source: string) => Promise<Listing>> = { train: listTrain, test: listTest }

/** Reader of a Histopathologic Cancer Detection folder; `train` where no part is chosen, as `test` has no labels. */
export const hcdReader: Reader = {
  about: 'Kaggle Histopathologic Cancer Detection: a folder with train_labels.csv, train/ and test/',
  parts: Object.keys(parts),
  async detect(path) {
    const [labels, train] = await Promise.all(
      ['train_labels.csv', 'train'].map((name) => stat(join(path, name)).catch(() => undefined)),
    )
    return Boolean(labels?.isFile() && train?.isDirectory())
  },
  open: openHcd,
}

async function openHcd(source: string, options: OpenOptions): Promise<OpenedPatchSet> {
  const part = options.part ?? 'train'
  const { ids, labels, faults } = await pickNamed(`${source}, part`, parts, part)(source)
  refuseFaults(source, faults, options.isTolerant)
  const sidecar = await readSidecar(source)
  return openImageSet({
    format: 'hcd',
    source,
    origin: sidecar.origin ?? options.origin ?? 'real',
    licence: sidecar.licence ?? null,
    parts: await countParts(source),
    faults,
    ids,
    files: ids.map((id) => join(source, part, `${id}.tif`)),
    centers: null,
    slides: null,
    labels,
  })
}

async function listTrain(source: string): Promise<Listing> {
  const path = join(source, 'train_labels.csv')
  const text = await readTextFile(path)
  const { id, label } = requireColumns(readCsv(text, path), ['id', 'label'], path)
  const faults: Fault[] = []
  const labels = Uint8Array.from(label, (word, i) => {
    const value = parseLabel(word)
    if (value === undefined) faults.push({ id: id[i], problem: `label '${word}', not 0 or 1` })
    return value ?? 0
  })
  return { ids: id, labels, faults }
}

async function listTest(source: string): Promise<Listing> {
  return { ids: (await listTifs(join(source, 'test'))).sort(), labels: null, faults: [] }
}

async function listTifs(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => name.endsWith('.tif')).map((name) => parse(name).name)
}

async function countParts(source: string): Promise<Record<string, number>> {
  const counts = await Promise.all(
    Object.keys(parts).map(async (part) => [part, (await listTifs(join(source, part))).length] as const),
  )
  return Object.fromEntries(counts)
}
