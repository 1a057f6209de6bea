// Step 2 for a learned or costly method: the patches of a split, normalised once and kept.

import { existsSync } from 'node:fs'
import { ndarray, type Progress } from '../base/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import { writeNpy } from '../formats/index.ts'
import { allRows, type PatchSet } from '../patches/index.ts'
import type { FittedStain } from './fittedStain.ts'
import { stainBatches } from './stainBatches.ts'
import { type ChunkOutcome, chunkPath, rowsPerChunk } from './stainedPixels.ts'
import type { GroupFits } from './stainGroups.ts'
import { encodeVerdicts } from './verdicts.ts'

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
    const path = chunkPath(folder, chunk)
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
    await writeFileAtomic(`${path}.json`, JSON.stringify({ verdicts, reasons } satisfies ChunkOutcome))
    const array = ndarray('u8', [rows.length, set.height, set.width, 3], data)
    await writeFileAtomic(`${path}.npy`, writeNpy(array))
  }
}
