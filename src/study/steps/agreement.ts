// Where an extractor rounds, its agreement with single precision is measured on the very patches that it embeds: a seeded
// sample, after the stain method.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openRandom } from '../../base/index.ts'
import type { Agreement } from '../../embed/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import { stainBatches } from '../../normalise/index.ts'
import { readJson } from '../../runs/index.ts'
import type { CacheEntry } from '../../tasks/index.ts'
import type { EmbedTask } from './embedTask.ts'

const sampleSize = 32

/**
 * Writes agreement.json into the task's folder, unless the extractor has nothing to compare or it is there; `order` gives the
 * task's rows in the order of their content, where a sample is drawn.
 */
export async function writeAgreement(
  task: Omit<EmbedTask, 'augmenter' | 'progress'>,
  order: () => Uint32Array | Promise<Uint32Array>,
): Promise<void> {
  const { set, rows, stain, groups, extractor, folder } = task
  const path = join(folder, 'agreement.json')
  if (!extractor.measureAgreement || rows.length === 0 || existsSync(path)) return
  const ordered = await order()
  const places = openRandom(0, 'agreement').permutation(rows.length).subarray(0, sampleSize)
  const sample = places.map((place) => ordered[place])
  for await (const { result } of stainBatches(set, sample, stain, groups)) {
    const agreement = await extractor.measureAgreement(result.pixels)
    await writeFileAtomic(path, `${JSON.stringify(agreement)}\n`)
  }
}

/** The agreement in a folder of embeddings, or null where nothing was rounded. */
export async function readAgreement({ folder }: Pick<CacheEntry, 'folder'>): Promise<Agreement | null> {
  const path = join(folder, 'agreement.json')
  return existsSync(path) ? readJson<Agreement>(path) : null
}
