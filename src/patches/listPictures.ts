// The pictures in a folder and all folders in it. Links are followed; hidden files (which macOS, notebooks and file
// managers leave everywhere) and pictures of kinds that are not read are left out, and each is named.

import { readdir, realpath, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Fault } from './reader.ts'

/** Endings of the pictures that are read, in small letters. */
export const pictureTypes = ['.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp', '.gif']

// Pictures that are not read.
const otherTypes = [
  ...[
    '.bmp',
    '.dib',
    '.jp2',
    '.j2k',
    '.jpx',
    '.jxl',
    '.avif',
    '.heic',
    '.heif',
    '.ppm',
    '.pgm',
    '.pnm',
    '.tga',
    '.psd',
  ],
  ...['.svg', '.svs', '.ndpi', '.mrxs', '.scn', '.bif', '.vms', '.dcm', '.dicom', '.czi'],
]

/** Why hidden files and folders are left out. */
export const hiddenFile = 'hidden'

/** What lies in a folder. */
export interface PictureList {
  /** Paths relative to the folder, with forward slashes, ordered by code units. */
  readonly paths: string[]
  /** What looks like a picture but is left out, and why. */
  readonly leftOut: Fault[]
  /** Links to pictures that are not there. */
  readonly faults: Fault[]
}

/** Lists the pictures in `folder`. A folder that cannot be read is a fault. */
export async function listPictures(folder: string): Promise<PictureList> {
  const list: PictureList = { paths: [], leftOut: [], faults: [] }
  await visit(folder, '', [await realpath(folder).catch(() => folder)], list)
  list.paths.sort()
  return list
}

async function visit(
  root: string,
  below: string,
  above: readonly string[],
  list: PictureList,
): Promise<void> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(() => undefined)
  if (!entries) list.faults.push({ id: below || '.', problem: 'a folder that cannot be read' })
  for (const entry of entries ?? []) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const type = extname(entry.name).toLowerCase()
    const isPicture = pictureTypes.includes(type)
    if (isHidden(entry.name)) {
      if (isPicture || entry.isDirectory()) list.leftOut.push({ id: path, problem: hiddenFile })
      continue
    }
    const kind = entry.isSymbolicLink() ? await stat(join(root, path)).catch(() => undefined) : entry
    if (kind?.isDirectory()) {
      const place = entry.isSymbolicLink()
        ? await realpath(join(root, path))
        : join(above.at(-1)!, entry.name)
      if (above.includes(place))
        list.leftOut.push({ id: path, problem: 'a link to a folder that it lies in' })
      else await visit(root, path, [...above, place], list)
    } else if (isPicture) {
      if (kind?.isFile()) list.paths.push(path)
      else list.faults.push({ id: path, problem: 'a link to a file that is not there' })
    } else if (otherTypes.includes(type)) {
      list.leftOut.push({ id: path, problem: `a picture of a kind that is not read (${type})` })
    }
  }
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX' || name === 'Thumbs.db'
}
