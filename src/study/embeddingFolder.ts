// Embeddings as a folder of their own, outside a study: embeddings.npy, patches.csv (id, center, slide,
// label in the order of its rows) and manifest.json. What `eosin embed` writes and `eosin classify` reads.

import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, type NdArray, type Progress } from '../base/index.ts'
import type { Extractor } from '../embed/index.ts'
import { readCsv, writeCsv, writeFileAtomic } from '../formats/index.ts'
import { allRows, type PatchSet } from '../patches/index.ts'
import { readArray } from '../runs/index.ts'
import { summariseFit } from './stainFit.ts'
import { oneView } from './steps/augmentViews.ts'
import { embedRows } from './steps/embedSplit.ts'
import type { ReadyStain } from './steps/stainBatches.ts'
import { fitOwnGroups } from './steps/stainGroups.ts'

/** Embeddings with what is known of their patches. */
export interface EmbeddingFolder {
  readonly x: NdArray<'f32'>
  readonly ids: readonly string[]
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly labels: Uint8Array | null
}

/** Embeds a whole set into `folder`; begun work is kept in `<folder>.work` and gone on with. */
export async function writeEmbeddingFolder(
  folder: string,
  set: PatchSet,
  stain: ReadyStain,
  extractor: Extractor,
  progress: Progress,
): Promise<void> {
  const manifest = {
    source: set.source,
    origin: set.origin,
    fingerprint: await set.fingerprint(),
    stain: stain.entry.name,
    fit: summariseFit(stain.fit),
    fallback: stain.entry.fallback,
    extractor: extractor.name,
    extractorKey: extractor.key,
    dimensions: extractor.dimensions,
    featureNames: extractor.featureNames,
  }
  const work = `${folder}.work`
  await resumeOnlySame(work, `${JSON.stringify(manifest, null, 1)}\n`)
  const rows = allRows(set)
  const groups = await fitOwnGroups(set, rows, stain.entry, progress)
  await embedRows({ set, rows, stain, groups, augmenter: oneView, extractor, folder: work, progress })
  const blank = new Array<null>(set.count).fill(null)
  const columns = {
    id: set.ids,
    center: set.centers ?? blank,
    slide: set.slides ?? blank,
    label: set.labels ? Array.from(set.labels) : blank,
  }
  await writeFileAtomic(join(work, 'patches.csv'), writeCsv(columns))
  await rm(folder, { recursive: true, force: true })
  await rename(work, folder)
}

// Chunks in the work folder may be gone on with only if they come from the same patches, stain and extractor.
async function resumeOnlySame(work: string, manifest: string): Promise<void> {
  const path = join(work, 'manifest.json')
  const begun = await readFile(path, 'utf8').catch(() => null)
  if (begun === manifest) return
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  await writeFileAtomic(path, manifest)
}

/** Reads what `writeEmbeddingFolder` wrote. Throws DataError where files are missing or do not fit. */
export async function readEmbeddingFolder(folder: string): Promise<EmbeddingFolder> {
  const x = (await readArray(join(folder, 'embeddings.npy'))) as NdArray<'f32'>
  const path = join(folder, 'patches.csv')
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new DataError({ where: path, got: (cause as Error).message }, cause)
  })
  const { id, center, slide, label } = readCsv(text, path)
  if (id.length !== x.shape[0]) {
    throw new DataError({
      where: path,
      expected: `${x.shape[0]} rows as embeddings.npy has`,
      got: `${id.length}`,
    })
  }
  const known = (values: readonly string[]) => (values.every((value) => value === '') ? null : values)
  return {
    x,
    ids: id,
    centers: known(center),
    slides: known(slide),
    labels: known(label) && Uint8Array.from(label, Number),
  }
}
