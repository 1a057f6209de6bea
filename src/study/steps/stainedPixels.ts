// Patches normalised once for everybody who needs them: extractors, views of training patches, effects. What a learned or
// costly method makes of a split lies in the cache in chunks, lossless; it is only a means, and may be removed.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ndarray, type Progress, pixels } from '../../base/index.ts'
import { readNpyFile, writeFileAtomic } from '../../files/index.ts'
import { writeNpy } from '../../formats/index.ts'
import { allRows, type PatchSet, type PatchSize } from '../../patches/index.ts'
import { readJson } from '../../runs/index.ts'
import type { StainResult } from '../../stain/index.ts'
import type { CacheInputs } from '../../tasks/index.ts'
import type { stainedInputs } from './embedSplit.ts'
import type { FittedStain } from './fittedStain.ts'
import { stainBatches } from './stainBatches.ts'
import type { GroupFits } from './stainGroups.ts'
import { decodeVerdicts, encodeVerdicts } from './verdicts.ts'

/** Normalised patches of a set, by row. */
export interface StainedPixels {
  read(rows: ArrayLike<number>): Promise<StainResult>
}

/** What normalised patches are made from. */
export function pixelInputs(stained: ReturnType<typeof stainedInputs>): CacheInputs {
  return { stage: 'pixels', version: 1, ...stained }
}

// A chunk is what a kill may lose, and what is read at once: 16 MB.
const bytesPerChunk = 2 ** 24

const rowsPerChunk = ({ height, width }: PatchSize) =>
  Math.max(1, Math.floor(bytesPerChunk / (height * width * 3)))

const pathOf = (folder: string, chunk: number) => join(folder, `chunk-${String(chunk).padStart(6, '0')}`)

// Of a chunk's rows: verdicts as bytes, and the reason of each that is not ok, by its place in the chunk.
interface Outcome {
  readonly verdicts: readonly number[]
  readonly reasons: Readonly<Record<string, string>>
}

/** Normalises all patches of a set into `folder`, going on from the chunks it finds there. */
export async function makePixels(
  set: PatchSet,
  stain: FittedStain,
  groups: GroupFits,
  folder: string,
  progress: Progress,
): Promise<void> {
  const size = rowsPerChunk(set)
  const all = allRows(set)
  for (let start = 0, chunk = 0; start < set.count; start += size, chunk++) {
    const path = pathOf(folder, chunk)
    if (existsSync(`${path}.npy`)) continue
    const rows = all.subarray(start, start + size)
    const data = new Uint8Array(rows.length * set.height * set.width * 3)
    const verdicts: number[] = []
    const reasons: Record<string, string> = {}
    let written = 0
    for await (const { result } of stainBatches(set, rows, stain, groups)) {
      data.set(result.pixels.data, written)
      written += result.pixels.data.length
      for (const [i, reason] of result.reasons.entries())
        if (reason !== null) reasons[verdicts.length + i] = reason
      verdicts.push(...encodeVerdicts(result.verdicts))
      progress(start + verdicts.length, set.count)
    }
    await writeFileAtomic(`${path}.json`, JSON.stringify({ verdicts, reasons } satisfies Outcome))
    const array = ndarray('u8', [rows.length, set.height, set.width, 3], data)
    await writeFileAtomic(`${path}.npy`, writeNpy(array))
  }
}

/** Opens what `makePixels` wrote of patches of this size; one chunk is held in memory. */
export function openPixels(folder: string, size: PatchSize): StainedPixels {
  const perChunk = rowsPerChunk(size)
  const bytes = size.height * size.width * 3
  let held: { readonly chunk: number; readonly data: Uint8Array; readonly outcome: Outcome } | null = null
  const hold = async (chunk: number) => {
    if (held?.chunk === chunk) return held
    const path = pathOf(folder, chunk)
    const data = (await readNpyFile(`${path}.npy`)).data as Uint8Array
    held = { chunk, data, outcome: await readJson<Outcome>(`${path}.json`) }
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
