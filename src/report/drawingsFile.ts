// The drawings of a run's last report in a file of its cache.

import { readTextFile, writeFileAtomic } from '../files/index.ts'
import type { Drawings } from './drawings.ts'

// Raised when a specification is drawn otherwise, as by another Vega.
const format = 'eosin drawings 1'

/** The drawings in a file; none where there is no such file, or it is damaged or of another format. */
export async function readDrawings(path: string | null): Promise<[string, string][]> {
  if (path === null) return []
  try {
    const file = JSON.parse(await readTextFile(path)) as { format: string; drawings: Record<string, string> }
    return file.format === format ? Object.entries(file.drawings) : []
  } catch {
    return []
  }
}

/** Writes drawings whole or not at all; where nothing can be written, the next report draws again. */
export async function writeDrawings(path: string | null, drawings: Drawings): Promise<void> {
  if (path === null) return
  const text = JSON.stringify({ format, drawings: Object.fromEntries(drawings) })
  await writeFileAtomic(path, `${text}\n`).catch(() => {})
}
