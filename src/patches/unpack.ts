// HDF5 cannot be read through gzip: a packed file is unpacked once into the user's cache and found there again.

import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { findUserCache, hashBytes, readFileStates, readHead, replaceFile } from '../files/index.ts'
import { wrongFile } from '../formats/index.ts'

/**
 * The path of `path` unpacked: itself where it does not end in .gz, else a file below $XDG_CACHE_HOME/eosin or
 * ~/.cache/eosin, made on first use and again when `path` changes. Throws DataError where it is damaged or the cache cannot be written.
 */
export async function unpackGzip(path: string): Promise<string> {
  if (!path.endsWith('.gz')) return path
  const { digest, areSettled } = await readFileStates([path])
  const key = hashBytes(`${resolve(path)} ${digest}`).slice(0, 16)
  const cache = findUserCache() ?? join(tmpdir(), 'eosin')
  const unpacked = join(cache, 'unpacked', `${key}-${basename(path, '.gz')}`)
  if (areSettled && (await stat(unpacked).catch(() => undefined))) return unpacked
  await replaceFile(unpacked, async (temporary) => {
    try {
      await pipeline(createReadStream(path), createGunzip(), createWriteStream(temporary))
    } catch (cause) {
      const isPackings =
        cause instanceof Error && String((cause as NodeJS.ErrnoException).code).startsWith('Z_')
      if (isPackings)
        throw wrongFile(path, { expected: 'a whole gzip file', kinds: ['gzip'] }, await readHead(path), cause)
      throw cause
    }
  })
  return unpacked
}
