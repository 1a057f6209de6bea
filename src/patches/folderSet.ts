// Reads plain images: a folder <center>/<label>/*.{png,jpg,tif}, or a CSV of path,label,center,slide.
// A level may be missing: <label>/*.png has no centers, *.png alone neither centers nor labels.

import { readdir, stat } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import { DataError } from '../base/index.ts'
import { readCsv, readTextFile, requireColumns } from '../formats/index.ts'
import { openImageSet } from './imageSet.ts'
import { readSidecar } from './origin.ts'
import {
  type Fault,
  knownOrNull,
  type OpenedPatchSet,
  type OpenOptions,
  parseLabel,
  type Reader,
  refuseFaults,
} from './reader.ts'

const imageTypes = ['.png', '.jpg', '.jpeg', '.tif', '.tiff']
const labelWords: Record<string, string> = { normal: '0', tumor: '1', tumour: '1' }

/** Reader of plain image files. */
export const folderReader: Reader = {
  about: 'images in <center>/<label>/, or a CSV of path,label,center,slide',
  parts: [],
  async detect(path) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile()) return extname(path).toLowerCase() === '.csv'
    return found?.isDirectory() === true && (await listImages(path)).length > 0
  },
  async open(source, options) {
    const isTable = (await stat(source).catch(() => undefined))?.isFile()
    const entries = isTable ? await readTable(source) : await readFolder(source)
    return openEntries(source, isTable ? dirname(source) : source, entries, options)
  },
}

/** One image as the folder or the table states it; words are not yet checked. */
interface Entry {
  /** The path relative to the folder or the table, with forward slashes: it is the id. */
  readonly path: string
  readonly label: string | null
  readonly center: string | null
  readonly slide: string | null
}

async function openEntries(
  source: string,
  root: string,
  entries: Entry[],
  options: OpenOptions,
): Promise<OpenedPatchSet> {
  if (entries.length === 0)
    throw new DataError({ where: source, expected: imageTypes.join(', '), got: 'no image' })
  const faults = findRepeats(entries)
  const labels = parseLabels(entries, faults)
  refuseFaults(source, faults, options.isTolerant)
  const sidecar = await readSidecar(root)
  return openImageSet({
    format: 'folder',
    source,
    origin: sidecar.origin ?? options.origin ?? 'unknown',
    licence: sidecar.licence ?? null,
    parts: null,
    faults,
    ids: entries.map(({ path }) => path),
    files: entries.map(({ path }) => resolve(root, path)),
    centers: knownOrNull(entries.map(({ center }) => center)),
    slides: knownOrNull(entries.map(({ slide }) => slide)),
    labels,
  })
}

function findRepeats(entries: readonly Entry[]): Fault[] {
  const seen = new Set<string>()
  const repeated = entries.filter(({ path }) => seen.size === seen.add(path).size)
  return repeated.map(({ path }) => ({ id: path, problem: 'listed twice' }))
}

function parseLabels(entries: readonly Entry[], faults: Fault[]): Uint8Array | null {
  if (entries.every(({ label }) => label === null)) return null
  return Uint8Array.from(entries, ({ path, label }) => {
    const word = label?.toLowerCase() ?? ''
    const value = parseLabel(labelWords[word] ?? word)
    if (value === undefined) {
      const problem = label === null ? 'no label where others have one' : `label '${label}', not 0 or 1`
      faults.push({ id: path, problem })
    }
    return value ?? 0
  })
}

async function listImages(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && imageTypes.includes(extname(entry.name).toLowerCase()))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
}

// The folder right above an image is its label where it is named as one, the topmost folder its center.
async function readFolder(folder: string): Promise<Entry[]> {
  const paths = await listImages(folder)
  return paths.map((path) => {
    const folders = path.split('/').slice(0, -1)
    const last = folders.at(-1)
    const isLabelled = last !== undefined && (folders.length >= 2 || isLabelWord(last))
    const label = isLabelled ? last : null
    const [center = null] = isLabelled ? folders.slice(0, -1) : folders
    return { path, label, center, slide: null }
  })
}

function isLabelWord(word: string): boolean {
  return parseLabel(labelWords[word.toLowerCase()] ?? word) !== undefined
}

async function readTable(path: string): Promise<Entry[]> {
  const text = await readTextFile(path)
  const table: Record<string, string[]> = requireColumns(readCsv(text, path), ['path'], path)
  const wordAt = (name: string, row: number) => table[name]?.[row]?.trim() || null
  return table.path.map((image, row) => ({
    path: image,
    label: wordAt('label', row),
    center: wordAt('center', row),
    slide: wordAt('slide', row),
  }))
}
