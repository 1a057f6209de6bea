// What commands do before and while they write the files and folders that --out names: nothing is begun that cannot be
// written, nothing is replaced unasked, and one process at a time writes each.

import { existsSync, statSync } from 'node:fs'
import { UsageError } from '../base/index.ts'
import type { FolderKind } from '../tasks/index.ts'
import { sayNote } from './terminal.ts'

/** Throws UsageError where `path` is there and may not be replaced. */
export function refuseOverwrite(path: string, overwrite: boolean | undefined): void {
  if (overwrite || !existsSync(path)) return
  const kind = statSync(path).isDirectory() ? 'a folder' : 'a file'
  throw new UsageError({
    where: path,
    got: `${kind} that is there already`,
    hint: 'give --overwrite or another --out',
  })
}

/** Throws UsageError where the folder at `path` may not be replaced by one of `kind`. */
export async function refuseFolder(
  path: string,
  kind: FolderKind,
  overwrite: boolean | undefined,
): Promise<void> {
  refuseOverwrite(path, overwrite)
  const { requireReplaceable } = await import('../tasks/index.ts')
  await requireReplaceable(path, kind)
}

/**
 * Does `work`, which takes long and then writes a file at each of `paths` (undefined: one that nobody asked for), once they
 * are known to be writable and while no other process writes them. Throws UsageError where one is no file or may not be
 * replaced, DataError where it cannot be written.
 */
export async function claimFiles<Result>(
  paths: readonly (string | undefined)[],
  overwrite: boolean | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const { describeUnfit, followLinks, requireWritable } = await import('../files/index.ts')
  const { withLease } = await import('../tasks/index.ts')
  const refuse = (path: string) => {
    const got = existsSync(path) ? describeUnfit(statSync(path)) : undefined
    if (got) throw new UsageError({ where: path, expected: 'a file', got, hint: 'choose another --out' })
    refuseOverwrite(path, overwrite)
  }
  const asked = paths.filter((path) => path !== undefined)
  const places = asked.map((path) => followLinks(path))
  const twice = asked.find((_, i) => places.indexOf(places[i]) < i)
  if (twice !== undefined)
    throw new UsageError({ where: twice, expected: 'a file for each output', got: 'one for two' })
  for (const path of asked) {
    refuse(path)
    await requireWritable(path)
  }
  const checked = () => {
    for (const path of asked) refuse(path) // another process may have made it meanwhile
    return work()
  }
  // Ordered, so that two processes never wait for each other.
  return places
    .sort()
    .reduceRight<() => Promise<Result>>(
      (inner, place) => () => withLease(`${place}.lease`, { onWait: sayNote }, inner),
      checked,
    )()
}
