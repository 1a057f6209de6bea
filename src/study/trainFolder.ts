// A training outside a study: patch sets in, a folder out that holds the fit, its networks, curves and previews.

import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { allRows, type PatchSet } from '../patches/index.ts'
import type { StainEntry } from './recipe.ts'
import { openDomains, type Selection } from './stainDomains.ts'
import { writeStainFit } from './stainFile.ts'
import { methodOf } from './steps/fitStain.ts'
import { type StainTraining, trainStain } from './steps/trainStain.ts'

/** What is trained: every center of the sources but the target's. */
export interface TrainFolderOptions extends Omit<StainTraining, 'keep' | 'key' | 'trained'> {
  readonly entry: StainEntry
  readonly sources: readonly PatchSet[]
  readonly target: PatchSet
  /** The target's center; the one with the most patches where not given. */
  readonly center?: string
}

/**
 * Trains a learned method into `folder`, which appears when all is done; until then work lies in `<folder>.work`, and
 * the same command goes on from there. Throws as the method's training does.
 */
export async function trainFolder(folder: string, options: TrainFolderOptions): Promise<StainEntry> {
  const { entry, sources, target, center, seed } = options
  const select = (set: PatchSet): Selection => ({ name: set.source, set, rows: allRows(set) })
  const limit = entry.options.limit as number | null
  const domains = openDomains(sources.map(select), { from: select(target), center }, { limit, seed })
  const sets = [...sources, target]
  const key = JSON.stringify(await Promise.all(sets.map((set) => set.fingerprint())))
  const work = `${folder}.work`
  const { name, version } = methodOf(entry)
  await trainStain(domains, entry, work, {
    ...options,
    key,
    keep: (fit) =>
      writeStainFit(join(work, 'fit.json'), { method: name, version, options: entry.options, fit }),
  })
  await rm(folder, { recursive: true, force: true })
  await rename(work, folder)
  return entry
}
