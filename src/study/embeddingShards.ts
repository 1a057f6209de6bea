// Embeddings made in shards, by several machines or one after the other: shard i of n holds a contiguous range of the
// set's rows in a folder of its own beside the whole. Whoever finds all of them there joins them, to the bytes that one
// run would have written.

import { existsSync } from 'node:fs'
import { copyFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, readBlocks } from '../base/index.ts'
import { createNpy, openNpy } from '../files/index.ts'
import { readVerdicts, writeVerdicts } from '../normalise/index.ts'

/** One of `of` shards; the first has index 1. */
export interface Shard {
  readonly index: number
  readonly of: number
}

/** The folder of a shard of the embeddings in `folder`: `embeddings.shard-2-of-4`. */
export function shardFolder(folder: string, { index, of }: Shard): string {
  return `${folder}.shard-${index}-of-${of}`
}

/** The rows of a shard: a contiguous range; ranges of all shards follow each other and differ by one row at most. */
export function shardRows(rows: Uint32Array, { index, of }: Shard): Uint32Array {
  const start = (i: number) => Math.floor((i * rows.length) / of)
  return rows.subarray(start(index - 1), start(index))
}

/** The shards whose folders are not there yet, by index. */
export function missingShards(folder: string, of: number): number[] {
  const indices = Array.from({ length: of }, (_, i) => i + 1)
  return indices.filter((index) => !existsSync(shardFolder(folder, { index, of })))
}

/** Joins the shards of `folder` into `work`. Throws DataError where a shard is of other embeddings than `manifest` says. */
export async function joinShards(
  folder: string,
  work: string,
  of: number,
  dimensions: number,
  manifest: string,
): Promise<void> {
  const shards = Array.from({ length: of }, (_, i) => shardFolder(folder, { index: i + 1, of }))
  for (const shard of shards) {
    if ((await readFile(join(shard, 'manifest.json'), 'utf8').catch(() => '')) === manifest) continue
    const hint = 'remove it and make it again'
    throw new DataError({ where: shard, expected: 'a shard of the same embeddings', got: 'of others', hint })
  }
  const whole = await createNpy(join(work, 'embeddings.npy'), dimensions)
  const verdicts: Uint8Array[] = []
  for (const shard of shards) {
    const part = await openNpy(join(shard, 'embeddings.npy'))
    for await (const { data } of readBlocks(part)) await whole.append(data)
    await part.close()
    verdicts.push(await readVerdicts(shard))
  }
  await whole.close()
  await writeVerdicts(work, new Uint8Array(Buffer.concat(verdicts)))
  const agreement = 'agreement.json'
  if (existsSync(join(shards[0], agreement)))
    await copyFile(join(shards[0], agreement), join(work, agreement))
}

/** Removes the shards of `folder`, once they are joined. */
export async function removeShards(folder: string, of: number): Promise<void> {
  for (let index = 1; index <= of; index++)
    await rm(shardFolder(folder, { index, of }), { recursive: true, force: true })
}
