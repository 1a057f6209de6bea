// A training outside a study: patch sets in, a folder out that holds the fit, its networks, curves and previews.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../base/index.ts'
import { allRows, orderPatches, type PatchSet } from '../patches/index.ts'
import type { StainEntry } from '../recipe/index.ts'
import { type FolderKind, fillFolder, requireReplaceable } from '../tasks/index.ts'
import { methodOf } from './fittedStain.ts'
import { openDomains, type Selection } from './stainDomains.ts'
import { writeStainFit } from './stainFile.ts'
import { type StainTraining, trainStain } from './trainStain.ts'

const kind: FolderKind = {
  about: 'a folder of a trained stain',
  manifest: 'fit.json',
  key: 'method',
  isOwn: (name) =>
    /^(generator-\d+\.safetensors|checkpoints\/.*\.safetensors|training\/.*\.(jsonl|eosin|png))$/.test(name),
}

/** What is trained: every center of the sources but the target's. */
export interface TrainFolderOptions extends Omit<StainTraining, 'keep' | 'key' | 'trained'> {
  readonly entry: StainEntry
  readonly sources: readonly PatchSet[]
  readonly target: PatchSet
  /** The target's center; the one with the most patches where not given. */
  readonly center?: string
  /** Told in a sentence where another process trains into the same folder. */
  readonly onWait?: (sentence: string) => void
}

/**
 * Trains a learned method into `folder`, which appears when all is done; until then work lies in `<folder>.work`, and
 * the same command goes on from there. Throws UsageError where the folder holds what Eosin did not write or another process
 * made it meanwhile, and as the method's training does.
 */
export async function trainFolder(folder: string, options: TrainFolderOptions): Promise<StainEntry> {
  const { entry, sources, target, center, seed, progress, onWait } = options
  await requireReplaceable(folder, kind)
  const sets = [...new Set([...sources, target])]
  const selections = new Map<PatchSet, Selection>()
  for (const set of sets) {
    const rows = await orderPatches(set, allRows(set), progress)
    selections.set(set, { name: set.source, set, rows })
  }
  const limit = entry.options.limit as number | null
  const from = sources.map((set) => selections.get(set)!)
  const domains = openDomains(from, { from: selections.get(target)!, center }, { limit, seed })
  const key = JSON.stringify(await Promise.all(sets.map((set) => set.fingerprint())))
  const { name, version } = methodOf(entry)
  const isThere = existsSync(folder)
  const isMade = await fillFolder(folder, {
    isDone: () => !isThere && existsSync(folder),
    fill: (work) =>
      trainStain(domains, entry, work, {
        ...options,
        key,
        keep: (fit) =>
          writeStainFit(join(work, 'fit.json'), { method: name, version, options: entry.options, fit }),
      }),
    onWait,
  })
  if (!isMade) {
    const hint = 'look at it, or give another --out'
    throw new UsageError({ where: folder, got: 'a folder that another process made meanwhile', hint })
  }
  return entry
}
