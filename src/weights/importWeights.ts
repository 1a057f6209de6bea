// Weights that came on another way (another machine, a hospital's file share) into the same cache.

import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WeightsError } from '../base/index.ts'
import { explainWriteError, makeFolder } from '../files/index.ts'
import { openCheckpoint } from './checkpoint.ts'
import type { Checkpoint } from './checkpointFile.ts'
import { hashContent } from './download.ts'
import { blobPath, importedRevision, linkSnapshot, repoFolder, writeRef } from './hubCache.ts'
import { type HubSettings, readHubSettings } from './hubSettings.ts'
import type { ModelCard } from './modelCard.ts'
import { openParams } from './params.ts'
import { cacheName } from './pull.ts'
import { readShardNames } from './shards.ts'

/** What an import gave. */
export interface ImportedWeights {
  readonly path: string
  readonly sha256: string
  /** Whether the hash is the one the card knows; null where it knows none. */
  readonly isKnown: boolean | null
  readonly naming: string
}

/**
 * Copies a checkpoint (a file, an index with its shards, or a folder with either) into the cache, where
 * `locateWeights` finds it. Throws WeightsError, and copies nothing, where it does not fit the model.
 */
export async function importWeights(
  card: ModelCard,
  path: string,
  given: Partial<HubSettings> = {},
): Promise<ImportedWeights> {
  const checkpoint = await openCheckpoint(path)
  let naming: string
  try {
    naming = openParams(checkpoint, card).naming
  } finally {
    await checkpoint.close()
  }
  const folder = repoFolder(readHubSettings(given).cacheDir, cacheName(card))
  const sha256 = await copyToBlobs(checkpoint.path, folder)
  // Imports have no commit: their content names their snapshot.
  const snapshot = sha256.slice(0, 40)
  for (const shard of checkpoint.format === 'sharded' ? await readShardNames(checkpoint.path) : []) {
    await linkSnapshot(
      folder,
      snapshot,
      shard,
      await copyToBlobs(join(dirname(checkpoint.path), shard), folder),
    )
  }
  const linked = await linkSnapshot(folder, snapshot, chooseName(card, checkpoint), sha256)
  await writeRef(folder, importedRevision, snapshot)
  return { path: linked, sha256, isKnown: card.sha256 === undefined ? null : card.sha256 === sha256, naming }
}

// The name among the card's files that says what the content is, or the first.
function chooseName({ files, title }: ModelCard, { format, path }: Checkpoint): string {
  const single = format === 'torch' ? 'pytorch_model.bin' : 'model.safetensors'
  const usual = format === 'sharded' ? basename(path) : single
  const name = files.includes(usual) ? usual : files[0]
  if (name === undefined)
    throw new WeightsError({ where: title, expected: 'a file name in its card', got: 'none' })
  return name
}

// Copies without reading through this process where the file system shares blocks, then hashes the copy.
async function copyToBlobs(path: string, folder: string): Promise<string> {
  const temporary = blobPath(folder, `import.${randomUUID()}.tmp`)
  try {
    await makeFolder(dirname(temporary))
    await copyFile(path, temporary, constants.COPYFILE_FICLONE)
    const sha256 = await hashContent(temporary, 'sha256')
    await rename(temporary, blobPath(folder, sha256))
    return sha256
  } catch (cause) {
    await rm(temporary, { force: true })
    throw explainWriteError(temporary, cause)
  }
}
