// Reads plain images: in folders of parts, centers and labels (folderLevels.ts says how these are told apart), or
// listed in a CSV of path,label,center,slide,patient (pictureTable.ts). The path of an image is its id.

import { stat } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { DataError, UsageError } from '../base/index.ts'
import {
  type FolderLevel,
  findOutermostParts,
  parseLevels,
  readLevels,
  requireOneDepth,
} from './folderLevels.ts'
import { openImageSet } from './imageSet.ts'
import { hiddenFile, listPictures, pictureTypes } from './listPictures.ts'
import { countParts, parseLabelNames, partNames, readLabels, readNames } from './names.ts'
import { readProvenance } from './origin.ts'
import { type PictureListing, readPictureTable } from './pictureTable.ts'
import { findRepeats, type OpenedPatchSet, type OpenOptions, type Reader, refuseFaults } from './reader.ts'

/** Reader of plain image files; all parts together where none is chosen. */
export const folderReader: Reader = {
  about: 'images in folders of parts, centers and labels, or a CSV of path,label,center,slide',
  parts: ['train', 'val', 'test'],
  settings: ['columns', 'folders', 'labelNames'],
  async detect(path) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile()) return ['.csv', '.tsv'].includes(extname(path).toLowerCase())
    if (!found?.isDirectory()) return false
    const { paths, leftOut, faults } = await listPictures(path)
    return paths.length + faults.length > 0 || leftOut.some(({ problem }) => problem !== hiddenFile)
  },
  async open(source, options) {
    const isTable = (await stat(source)).isFile()
    const other = isTable ? 'folders' : 'columns'
    if (options[other] !== undefined) {
      const expected = isTable ? 'columns, as it is a table' : 'folders, as it is no table'
      throw new UsageError({ where: source, expected, got: `${other} '${JSON.stringify(options[other])}'` })
    }
    const listing = isTable ? await readPictureTable(source, options) : await readFolder(source, options)
    const set = await openListing(source, isTable ? dirname(source) : source, listing, options)
    return isTable ? set : { ...set, isListed: true }
  },
}

async function openListing(
  source: string,
  root: string,
  listing: PictureListing,
  options: OpenOptions,
): Promise<OpenedPatchSet> {
  const { entries, layout, doubt, parts, leftOut } = listing
  if (entries.length === 0) {
    const got = leftOut.length > 0 ? `${leftOut[0].id}: ${leftOut[0].problem}` : 'no image'
    throw new DataError({ where: source, expected: pictureTypes.join(', '), got })
  }
  const ids = entries.map(({ path }) => path)
  const files = ids.map((path) => resolve(root, path))
  const faults = [...listing.faults, ...findRepeats(ids, files)]
  const names = parseLabelNames('label names', options.labelNames ?? {})
  const labels = readLabels(
    entries.map(({ label }) => label),
    ids,
    names,
    faults,
  )
  const centers = readNames(
    'center',
    entries.map(({ center }) => center),
    ids,
    faults,
  )
  const slides = readNames(
    'slide',
    entries.map(({ slide }) => slide),
    ids,
    faults,
  )
  const patients = readNames(
    'patient',
    entries.map(({ patient }) => patient),
    ids,
    faults,
  )
  refuseFaults(source, faults, options.isTolerant)
  return openImageSet({
    format: 'folder',
    source,
    ...(await readProvenance(root, options, { origin: 'unknown', licence: null, dataset: null })),
    layout,
    doubt,
    parts,
    leftOut,
    faults,
    ids,
    files,
    centers,
    slides,
    patients,
    labels,
  })
}

async function readFolder(
  folder: string,
  { part, folders, labelNames = {} }: OpenOptions,
): Promise<PictureListing> {
  const { paths, leftOut, faults } = await listPictures(folder)
  const stated = folders === undefined ? undefined : parseLevels('folders', folders)
  // Parts may look different inside, as a test part without labels: the outermost folders are looked at first.
  const isCut =
    part !== undefined && (!stated || stated[0] === 'part') && findOutermostParts(paths.map(foldersOf))
  const read = isCut ? paths.filter((path) => partOf(path, 0) === part) : paths
  const strays = isCut ? paths.filter((path) => foldersOf(path).length === 0) : []
  const above = read.map(foldersOf)
  if (stated) requireDepth(folder, stated.length, above)
  const { levels, doubt } = stated
    ? { levels: stated, doubt: undefined }
    : readLevels(folder, above, parseLabelNames('label names', labelNames))
  const partLevel = levels.indexOf('part')
  if (part !== undefined && read.length > 0 && partLevel < 0) {
    throw new DataError({
      where: folder,
      expected: `a folder for part '${part}'`,
      got: describeLevels(levels),
    })
  }
  const chosen = part === undefined ? read : read.filter((path) => partOf(path, partLevel) === part)
  return {
    entries: chosen.map((path) => {
      const at = (level: FolderLevel) => foldersOf(path)[levels.indexOf(level)] ?? null
      return { path, label: at('label'), center: at('center'), slide: at('slide'), patient: at('patient') }
    }),
    layout: describeLevels(levels),
    doubt,
    parts: partLevel < 0 ? null : countParts(paths.map((path) => partOf(path, partLevel))),
    leftOut: [...leftOut, ...strays.map((id) => ({ id, problem: 'a picture in no part' }))],
    faults,
  }
}

function requireDepth(source: string, expected: number, above: readonly (readonly string[])[]): void {
  const depth = requireOneDepth(source, above)
  if (depth !== expected) {
    throw new DataError({
      where: source,
      expected: `pictures ${expected} folders deep, as the folders given`,
      got: `${depth}`,
    })
  }
}

function foldersOf(path: string): string[] {
  return path.split('/').slice(0, -1)
}

function partOf(path: string, level: number): string | undefined {
  const word = foldersOf(path)[level]
  return word === undefined ? undefined : (partNames[word.toLowerCase()] ?? word)
}

function describeLevels(levels: readonly string[]): string {
  return levels.length > 0 ? `folders: ${levels.join(' / ')}` : 'one folder'
}
