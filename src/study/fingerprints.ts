// Fingerprints of patch sets, remembered: hashing takes as long as reading, so what a set came to is kept for as long as
// every file that decides it is the same file, unchanged.

import { join, resolve } from 'node:path'
import { DataError } from '../base/index.ts'
import { hashBytes, readFileStates, writeFileAtomic } from '../files/index.ts'
import type { PatchSet } from '../patches/index.ts'
import { readJson } from '../runs/index.ts'

interface Memo {
  /** Digest of the files' states when the fingerprint was taken. */
  readonly files: string
  readonly fingerprint: string
}

/**
 * A sha256 (hex) over a set's content and over what is known of its patches (ids, centers, slides, labels). Remembered
 * in `<cacheRoot>/fingerprints`, and taken anew as soon as one of `set.files` is another file or has changed. Throws
 * DataError where a file changes meanwhile.
 */
export async function fingerprintOf(set: PatchSet, cacheRoot: string): Promise<string> {
  const { format, files, ids, centers, slides, labels } = set
  // What was read when the set was opened, which files changed since then would no longer say.
  const known = hashBytes(JSON.stringify([format, ids, centers, slides, labels && Array.from(labels)]))
  const combine = (content: string) => hashBytes(JSON.stringify([content, known]))
  if (files.length === 0) return combine(await set.fingerprint())
  const places = hashBytes(JSON.stringify([known, files.map((file) => resolve(file))]))
  const path = join(cacheRoot, 'fingerprints', `${places.slice(0, 32)}.json`)
  const before = await readFileStates(files)
  const memo = await readJson<Memo>(path).catch(() => null)
  if (memo?.files === before.digest && before.areSettled) return memo.fingerprint
  const fingerprint = combine(await set.fingerprint())
  if ((await readFileStates(files)).digest !== before.digest) throw describeChange(set)
  if (before.areSettled) await writeFileAtomic(path, JSON.stringify({ files: before.digest, fingerprint }))
  return fingerprint
}

/** Begins to watch the files of sets; what it gives throws DataError once one of them is not what it was. */
export async function watchFiles(sets: readonly PatchSet[]): Promise<() => Promise<void>> {
  const digests: string[] = []
  for (const { files } of sets) digests.push((await readFileStates(files)).digest)
  return async () => {
    for (const [i, set] of sets.entries()) {
      if ((await readFileStates(set.files)).digest !== digests[i]) throw describeChange(set)
    }
  }
}

function describeChange({ source }: PatchSet): DataError {
  return new DataError({
    where: source,
    expected: 'files that stay as they are',
    got: 'a change while they were read',
    hint: 'wait until it is written, and run again',
  })
}
