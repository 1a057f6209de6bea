// Checkpoints in several files: `*.safetensors.index.json` and `pytorch_model.bin.index.json` say which tensor
// lies in which file beside them.

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { WeightsError } from '../base/index.ts'
import { type WantedFile, wrongFile } from '../formats/index.ts'
import { type Checkpoint, makeCheckpoint, type TensorInfo } from './checkpointFile.ts'

/** The file of each tensor, as an index says. Throws DataError where `text` is no index, WeightsError where it names
 * a file that is not beside it. */
export function parseShardIndex(text: string, where: string): Map<string, string> {
  const bytes = new TextEncoder().encode(text)
  const refuse = (kinds: WantedFile['kinds'], cause?: unknown) =>
    wrongFile(
      where,
      { expected: 'the index of a checkpoint, with weight_map', kinds },
      { bytes, size: bytes.length },
      cause,
    )
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw refuse(['json'], cause)
  }
  const files = (json as { weight_map?: unknown } | null)?.weight_map
  if (typeof files !== 'object' || files === null || Object.keys(files).length === 0) throw refuse([])
  for (const [tensor, file] of Object.entries(files)) {
    if (typeof file !== 'string' || !/^[\w][\w.-]*$/.test(file)) {
      throw new WeightsError({
        where,
        expected: `a plain file name for '${tensor}'`,
        got: JSON.stringify(file),
      })
    }
  }
  return new Map(Object.entries(files as Record<string, string>))
}

/** Opens every shard of an index with `openOne`; `asked` is the part that is meant, to be found among the names. Throws WeightsError where a tensor is not in its shard. */
export async function openShards(
  path: string,
  asked: string | null,
  openOne: (path: string) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const fileOf = parseShardIndex(await readFile(path, 'utf8'), path)
  const shards = new Map<string, Checkpoint>()
  const close = async () => {
    for (const shard of shards.values()) await shard.close()
  }
  try {
    for (const file of new Set(fileOf.values())) shards.set(file, await openOne(join(dirname(path), file)))
    const tensors = new Map<string, TensorInfo>()
    for (const [name, file] of fileOf) {
      const info = shards.get(file)!.tensors.get(name)
      if (!info)
        throw new WeightsError({
          where: join(dirname(path), file),
          expected: `a tensor '${name}'`,
          got: 'none',
        })
      tensors.set(name, info)
    }
    const shardOf = (name: string) => shards.get(fileOf.get(name)!)
    return makeCheckpoint({
      path,
      format: 'sharded',
      tensors,
      refused: new Map([...shards.values()].flatMap((shard) => [...shard.refused])),
      foreign: [...new Set([...shards.values()].flatMap((shard) => shard.foreign))],
      part: { name: '', others: [], asked },
      raw: (name) => shardOf(name)!.raw(name),
      close,
      place: async (name) => shardOf(name)?.place(name) ?? null,
    })
  } catch (error) {
    await close()
    throw error
  }
}

/** The files that the index at `path` names, each once. Throws as parseShardIndex. */
export async function readShardNames(path: string): Promise<string[]> {
  return [...new Set(parseShardIndex(await readFile(path, 'utf8'), path).values())]
}
