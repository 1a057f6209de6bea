// All readers, and how one is chosen.

import { stat } from 'node:fs/promises'
import { DataError, pickNamed, UnknownNameError } from '../base/index.ts'
import { readHead } from '../files/index.ts'
import { wrongFile } from '../formats/index.ts'
import { challengeReader } from './challengeSet.ts'
import { folderReader } from './folderSet.ts'
import { hcdReader } from './hcdSet.ts'
import { pcamReader } from './pcamSet.ts'
import { type OpenedPatchSet, type OpenOptions, type Reader, settings } from './reader.ts'
import { wildsReader } from './wildsSet.ts'

/** The readers by format, in the order in which detection asks them: the most particular first. */
export const readers = {
  pcam: pcamReader,
  challenge: challengeReader,
  wilds: wildsReader,
  hcd: hcdReader,
  folder: folderReader,
} as const satisfies Record<string, Reader>

/** The name of a reader. */
export type PatchFormat = keyof typeof readers

/**
 * Opens the patches at `path`, detecting their format unless `options.format` says it. Throws DataError where
 * there is nothing, where no reader knows it or where it is damaged; UnknownNameError for unknown names.
 */
export async function openPatchSet(path: string, options: OpenOptions = {}): Promise<OpenedPatchSet> {
  if (!(await stat(path).catch(() => undefined)))
    throw new DataError({ where: path, got: 'no such file or folder' })
  const format = options.format ?? (await detectFormat(path))
  const reader: Reader = pickNamed('format', readers, format)
  if (options.part !== undefined && !reader.parts.includes(options.part)) {
    if (reader.parts.length > 0) throw new UnknownNameError(`part of ${path}`, options.part, reader.parts)
    throw new DataError({ where: path, expected: `no part, as ${format} has none`, got: `'${options.part}'` })
  }
  for (const setting of settings) {
    if (options[setting] === undefined || reader.settings?.includes(setting)) continue
    const heeding = Object.entries(readers as Record<string, Reader>).filter(([, other]) =>
      other.settings?.includes(setting),
    )
    throw new DataError({
      where: path,
      expected: `no ${setting}, which only ${heeding.map(([name]) => name).join(' and ')} takes`,
      got: `them with ${format}`,
    })
  }
  return reader.open(path, options)
}

/** The format of what lies at `path`. Throws DataError where no reader knows it. */
export async function detectFormat(path: string): Promise<PatchFormat> {
  for (const name of Object.keys(readers) as PatchFormat[]) {
    if (await readers[name].detect(path)) return name
  }
  // Nobody else reads HDF5: let this reader say what is wrong with the file.
  if (/\.(h5|hdf5)$/i.test(path)) return 'challenge'
  const expected = `patches in a known format (${Object.keys(readers).join(', ')})`
  if ((await stat(path)).isFile()) throw wrongFile(path, { expected, kinds: [] }, await readHead(path))
  throw new DataError({ where: path, expected, got: 'a folder without pictures' })
}
