// All readers, and how one is chosen.

import { stat } from 'node:fs/promises'
import { DataError, pickNamed, UnknownNameError, UsageError } from '../base/index.ts'
import { describeUnfit, readHead } from '../files/index.ts'
import { wrongFile } from '../formats/index.ts'
import { challengeReader } from './challengeSet.ts'
import { folderReader } from './folderSet.ts'
import { hcdReader } from './hcdSet.ts'
import { partNames } from './names.ts'
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
 * there is nothing, where no reader knows it or where it is damaged; UsageError for options that it does not take,
 * UnknownNameError for unknown names.
 */
export async function openPatchSet(path: string, options: OpenOptions = {}): Promise<OpenedPatchSet> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new DataError({ where: path, got: 'no such file or folder' })
  const special = found.isDirectory() ? undefined : describeUnfit(found)
  if (special) throw new DataError({ where: path, expected: 'patches in a file or folder', got: special })
  const format = options.format ?? (await detectFormat(path))
  const reader: Reader = pickNamed('format', readers, format)
  const part = options.part === undefined ? undefined : pickPart(path, format, reader, options.part)
  for (const setting of settings) {
    if (options[setting] === undefined || reader.settings?.includes(setting)) continue
    const heeding = Object.entries(readers as Record<string, Reader>).filter(([, other]) =>
      other.settings?.includes(setting),
    )
    throw new UsageError({
      where: path,
      expected: `no ${setting}, which only ${heeding.map(([name]) => name).join(' and ')} takes`,
      got: `them with ${format}`,
    })
  }
  return reader.open(path, { ...options, part })
}

// A part by its own name, or by another word for it: `validation` is WILDS' val and PatchCamelyon's valid.
function pickPart(path: string, format: string, { parts }: Reader, given: string): string {
  if (parts.length === 0)
    throw new UsageError({ where: path, expected: `no part, as ${format} has none`, got: `'${given}'` })
  const meant = partNames[given]
  const part = parts.includes(given) ? given : meant && parts.find((name) => partNames[name] === meant)
  if (part === undefined) throw new UnknownNameError(`part of ${path}`, given, parts)
  return part
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
