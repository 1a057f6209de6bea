// Patches normalised once for everybody who needs them: extractors, views of training patches, effects. What a learned or
// costly method makes of a split lies in the cache in chunks, lossless; it is only a means, and may be removed.

import { join } from 'node:path'
import { pixels } from '../base/index.ts'
import { readNpyFile } from '../files/index.ts'
import type { PatchSet, PatchSize } from '../patches/index.ts'
import type { StainEntry } from '../recipe/index.ts'
import { readJson } from '../runs/index.ts'
import type { StainResult } from '../stain/index.ts'
import type { OpenSplit } from '../study/splits.ts'
import { type CacheInputs, keyOf } from '../tasks/index.ts'
import { groupInputs, usesGroups } from './stainGroups.ts'
import { decodeVerdicts } from './verdicts.ts'

/** Normalised patches of a set, by row. */
export interface StainedPixels {
  read(rows: ArrayLike<number>): Promise<StainResult>
}

/** What the normalised patches of a split are made from, by key: its patches, a fit, and those of its groups. */
export interface StainedInputs {
  readonly patches: string
  readonly stain: string
  readonly groups: string | null
}

/** The same, of a split and a stain. */
export function stainedInputs(
  { key }: Pick<OpenSplit, 'key'>,
  filterKey: CacheInputs,
  stain: StainEntry,
  fit: CacheInputs,
): StainedInputs {
  const groups = usesGroups(stain) ? keyOf(groupInputs(filterKey, stain)) : null
  return { patches: key, stain: keyOf(fit), groups }
}

/** What the pixels of normalised patches are made from. */
export function pixelInputs(stained: StainedInputs): CacheInputs {
  return { stage: 'pixels', version: 1, ...stained }
}

// A chunk is what a kill may lose, and what is read at once: 16 MB.
const bytesPerChunk = 2 ** 24

/** How many patches of a size are a chunk. */
export const rowsPerChunk = ({ height, width }: PatchSize) =>
  Math.max(1, Math.floor(bytesPerChunk / (height * width * 3)))

/** The path of a chunk, without its ending. */
export const chunkPath = (folder: string, chunk: number) =>
  join(folder, `chunk-${String(chunk).padStart(6, '0')}`)

/** Of a chunk's rows: verdicts as bytes, and the reason of each that is not ok, by its place in the chunk. */
export interface ChunkOutcome {
  readonly verdicts: readonly number[]
  readonly reasons: Readonly<Record<string, string>>
}

/** Opens what `makePixels` wrote of patches of this size; one chunk is held in memory. */
export function openPixels(folder: string, size: PatchSize): StainedPixels {
  const perChunk = rowsPerChunk(size)
  const bytes = size.height * size.width * 3
  let held: { readonly chunk: number; readonly data: Uint8Array; readonly outcome: ChunkOutcome } | null =
    null
  const hold = async (chunk: number) => {
    if (held?.chunk === chunk) return held
    const path = chunkPath(folder, chunk)
    const data = (await readNpyFile(`${path}.npy`)).data as Uint8Array
    held = { chunk, data, outcome: await readJson<ChunkOutcome>(`${path}.json`) }
    return held
  }
  return {
    async read(rows) {
      const data = new Uint8Array(rows.length * bytes)
      const codes = new Uint8Array(rows.length)
      const reasons: (string | null)[] = []
      for (let i = 0; i < rows.length; i++) {
        const { data: from, outcome } = await hold(Math.floor(rows[i] / perChunk))
        const place = rows[i] % perChunk
        data.set(from.subarray(place * bytes, (place + 1) * bytes), i * bytes)
        codes[i] = outcome.verdicts[place]
        reasons.push(outcome.reasons[place] ?? null)
      }
      return {
        pixels: pixels(data, rows.length, size.height, size.width),
        verdicts: decodeVerdicts(codes),
        reasons,
      }
    },
  }
}

/** Bytes that the normalised patches of a set take on disk. */
export function countPixelBytes({
  count,
  height,
  width,
}: Pick<PatchSet, 'count' | 'height' | 'width'>): number {
  return count * height * width * 3
}
