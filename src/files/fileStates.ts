// Whether files are still those that were seen, told without reading them: by size, inode and both times of change.
// The time of a change of content can be set back by anyone; that of the inode (ctime) cannot, so both count.

import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

/** The states of some files at one moment. */
export interface FileStates {
  /** sha256 (hex) over the size, inode and times in ns of every file, in the order given. */
  readonly digest: string
  /**
   * Whether the digest may be remembered: every file has been as it is for two seconds. A younger one could change
   * again within the grain of its file system's clock, and would then look the same.
   */
  readonly areSettled: boolean
}

// The coarsest clock of a file system in use, FAT's, ticks every two seconds.
const grainMs = 2000n
const filesAtOnce = 2048

/** Looks at files; one that is not there counts as such. The paths themselves are no part of the digest. */
export async function readFileStates(paths: readonly string[]): Promise<FileStates> {
  const hash = createHash('sha256')
  let newest = 0n
  const now = BigInt(Date.now())
  for (let start = 0; start < paths.length; start += filesAtOnce) {
    for (const path of paths.slice(start, start + filesAtOnce)) {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false })
      hash.update(found ? `${found.size} ${found.ino} ${found.mtimeNs} ${found.ctimeNs}\n` : 'none\n')
      for (const time of found ? [found.mtimeMs, found.ctimeMs] : []) if (time > newest) newest = time
    }
    if (start + filesAtOnce < paths.length) await setImmediate()
  }
  return { digest: hash.digest('hex'), areSettled: newest < now - grainMs }
}
