// The manifest of an embedding folder: which patches were embedded, after what stain, by what, and the hash of the table
// that says which patch each row is. Two folders are used together only where these say that they fit.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DataError } from '../base/index.ts'
import { hashFile } from '../files/index.ts'
import { readJson } from '../runs/index.ts'

/** What manifest.json of an embedding folder says. */
export interface EmbeddingManifest {
  readonly source: string
  readonly origin: string
  /** Of the patches: the same content has the same. */
  readonly fingerprint: string
  readonly stain: string
  readonly fit: unknown
  readonly fallback: string
  readonly extractor: string
  /** Of the extractor with its options, weights and device. */
  readonly extractorKey: string
  /** How many flips and turns of a patch an embedding is the mean of; not there where it is the patch's own. */
  readonly views?: number
  readonly dimensions: number
  readonly featureNames: readonly string[] | null
  /** sha256 of patches.csv. */
  readonly table: string
}

const again = 'embed the patches again with eosin embed'

/**
 * Reads the manifest of a folder whose patches.csv is as it was written. Throws DataError where the manifest is missing, is
 * of an older Eosin, or patches.csv has changed since, in its order too.
 */
export async function readEmbeddingManifest(folder: string): Promise<EmbeddingManifest> {
  const path = join(folder, 'manifest.json')
  if (!existsSync(path)) {
    const expected = 'manifest.json, which eosin embed writes beside the embeddings'
    throw new DataError({ where: folder, expected, got: 'none', hint: again })
  }
  const manifest = await readJson<EmbeddingManifest | null>(path)
  if (typeof manifest?.table !== 'string' || typeof manifest.extractorKey !== 'string') {
    const got = 'none, as an older Eosin wrote it'
    throw new DataError({ where: path, expected: 'the hash of patches.csv', got, hint: again })
  }
  const table = join(folder, 'patches.csv')
  if ((await hashFile(table)) !== manifest.table) {
    throw new DataError({
      where: table,
      expected: 'the table that was written with embeddings.npy',
      got: 'another, whose rows may be other patches',
      hint: `put it back, or ${again}`,
    })
  }
  return manifest
}

/**
 * Throws DataError where the embeddings of `val` cannot judge a head that is trained on those of `train`: another extractor,
 * stain, fallback or fit, or the same patches.
 */
export function requireFitting(
  train: { readonly where: string; readonly manifest: EmbeddingManifest },
  val: { readonly where: string; readonly manifest: EmbeddingManifest },
): void {
  const [a, b] = [train.manifest, val.manifest]
  const refuse = (what: string, own: string, other: string, hint: string) => {
    throw new DataError({
      where: val.where,
      expected: `${what} ${own}, as ${train.where} has it`,
      got: other,
      hint,
    })
  }
  const both = 'embed both with the same'
  const hint = `${both} --extractor, --set, weights and --device`
  if (a.extractor !== b.extractor) refuse('extractor', a.extractor, b.extractor, hint)
  if (a.extractorKey !== b.extractorKey)
    refuse(`extractor ${a.extractor} with the key`, clip(a.extractorKey), clip(b.extractorKey), hint)
  for (const name of ['stain', 'fallback'] as const)
    if (a[name] !== b[name]) refuse(name, a[name], b[name], `${both} --stain`)
  if (JSON.stringify(a.fit) !== JSON.stringify(b.fit))
    refuse(`the fit of ${a.stain}`, 'on the same reference', 'another fit', `${both} --stain`)
  if (a.fingerprint === b.fingerprint) {
    throw new DataError({
      where: val.where,
      expected: `other patches than those of ${train.where}`,
      got: `the same (${b.source})`,
      hint: 'validate on a center that is not in training',
    })
  }
}

const clip = (key: string) => key.slice(0, 12)
