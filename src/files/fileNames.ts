// File names for what users name: ids, labels, centers. Different names get different files, also where a file system
// takes capitals or accents for the same, and no name leads out of its folder.

import { DataError } from '../base/index.ts'
import { hashBytes } from './file.ts'

/**
 * A file name (without an ending) for any text: the text itself where it is of small letters, digits, `_`, `.` and `-`,
 * else what of it can stand in a name, `~` and a hash. Different texts have different names.
 */
export function nameFile(text: string): string {
  const plain = makeSafe(text)
  return plain === text && /^[a-z0-9_.-]{1,80}$/.test(text) ? text : addHash(plain, text)
}

/**
 * A path for each of `names`, ending in `ending` in place of a picture's own: folders are kept, so that
 * `center/label/a.tif` becomes `center/label/a.png`. Names that would come to the same path get a hash. Throws DataError,
 * beginning with `where`, where a name stands twice.
 */
export function nameFiles(where: string, names: readonly string[], ending: string): string[] {
  const paths = names.map((name) => makePath(name.replace(pictureEnding, '')))
  const taken = new Map<string, number>()
  const take = (path: string) => taken.set(path, (taken.get(path) ?? 0) + 1)
  for (const path of paths) take(foldPath(path + ending))
  // A folder called as a file: `a` beside `a.png/b`.
  for (const folder of new Set(paths.flatMap(foldersOf).map(foldPath))) take(folder)
  const unique = paths.map((path, i) => {
    return (taken.get(foldPath(path + ending))! > 1 ? addHash(path, names[i]) : path) + ending
  })
  if (new Set(unique).size < unique.length) {
    const repeated = unique.findIndex((path, i) => unique.indexOf(path) !== i)
    throw new DataError({ where, expected: 'ids that differ', got: `'${names[repeated]}' twice` })
  }
  return unique
}

const pictureEnding = /\.(png|jpe?g|tiff?|webp|gif)$/i

function makePath(name: string): string {
  return name.split(/[\\/]/).map(makeSafe).join('/')
}

// Letters and digits of any script, and what no file system takes for anything but itself.
function makeSafe(text: string): string {
  const safe = text
    .slice(0, 80)
    .replaceAll(/[^\p{L}\p{N}\p{M}_. -]/gu, '_')
    .replace(/^\./, '_')
    .replace(/[. ]$/, '_')
  const isReserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe)
  return safe === '' || isReserved ? `_${safe}` : safe
}

function addHash(path: string, text: string): string {
  return `${path}~${hashBytes(text).slice(0, 16)}`
}

// As a file system sees a path that tells neither capitals nor ways of writing an accent apart.
function foldPath(path: string): string {
  return path.normalize('NFKC').toLowerCase()
}

function foldersOf(path: string): string[] {
  const segments = path.split('/')
  return segments.slice(1).map((_, i) => segments.slice(0, i + 1).join('/'))
}
