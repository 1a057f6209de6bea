// The cache as Hugging Face's tools lay it out, shared with them:
//   models--owner--name/blobs/<hash>                 the files, each once
//   models--owner--name/snapshots/<commit>/<file>    links into blobs
//   models--owner--name/refs/<revision>              the commit that a branch or tag names

import { randomUUID } from 'node:crypto'
import { copyFile, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { UsageError } from '../base/index.ts'
import { explainWriteError, makeFolder, writeFileAtomic } from '../files/index.ts'

/** The reference under which imported files are kept, beside the hub's own branches. */
export const importedRevision = 'imported'

/** The folder of a repository. Throws UsageError where `repo` is not `owner/name`. */
export function repoFolder(cacheDir: string, repo: string): string {
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(repo)) {
    throw new UsageError({ where: 'repository', expected: 'owner/name', got: `'${repo}'` })
  }
  return join(cacheDir, `models--${repo.replace('/', '--')}`)
}

/** Throws UsageError where a name could lead out of a folder: it must be relative, with plain parts. */
export function checkInnerName(where: string, name: string): void {
  const isPlain = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  if (!isPlain || /[\\\0:]/.test(name)) {
    throw new UsageError({ where, expected: 'a name inside the repository', got: `'${name}'` })
  }
}

/** The path of a cached file of a revision (a branch, tag or commit), or null where it is not there. */
export async function findCached(folder: string, revision: string, file: string): Promise<string | null> {
  checkInnerName('revision', revision)
  checkInnerName('file', file)
  const commit = await readFile(join(folder, 'refs', revision), 'utf8').then(
    (text) => text.trim(),
    () => revision,
  )
  if (!/^[\w.-]+$/.test(commit)) return null
  const path = join(folder, 'snapshots', commit, file)
  return stat(path).then(
    (info) => (info.isFile() ? path : null),
    () => null,
  )
}

/** The path of the blob called `hash`. */
export function blobPath(folder: string, hash: string): string {
  return join(folder, 'blobs', hash)
}

/** The hash that a cached file is stored under, or null where it is no link into blobs. */
export async function hashOfCached(path: string): Promise<string | null> {
  const target = await readlink(path).catch(() => '')
  return /[\\/]blobs[\\/]([0-9a-f]{64}|[0-9a-f]{40})$/.exec(target)?.[1] ?? null
}

/** Makes `file` of `commit` the blob called `hash`; returns its path. Throws DataError where it cannot be written. */
export async function linkSnapshot(
  folder: string,
  commit: string,
  file: string,
  hash: string,
): Promise<string> {
  const path = join(folder, 'snapshots', commit, file)
  const blob = blobPath(folder, hash)
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await makeFolder(dirname(path))
    // Windows lets only some users link; a copy serves as well.
    await symlink(relative(dirname(path), blob), temporary).catch(() => copyFile(blob, temporary))
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw explainWriteError(path, cause)
  }
  return path
}

/** Notes the commit that a revision names, unless the revision is the commit itself. */
export async function writeRef(folder: string, revision: string, commit: string): Promise<void> {
  if (revision !== commit) await writeFileAtomic(join(folder, 'refs', revision), commit)
}
