// What became of each patch under a stain method, one byte a row, so that any choice of rows can be counted.

import { join } from 'node:path'
import { ndarray } from '../base/index.ts'
import { readNpyFile, writeFileAtomic } from '../files/index.ts'
import { writeNpy } from '../formats/index.ts'
import type { PatchSet } from '../patches/index.ts'
import type { Verdict } from '../stain/index.ts'

// Their places are the bytes.
const names: readonly Verdict[] = ['ok', 'fallback', 'passthrough', 'rejected']

/** Verdict counts by center name (`'?'` where centers are not known). */
export type VerdictsByCenter = Record<string, Partial<Record<Verdict, number>>>

/** Verdicts as bytes. */
export function encodeVerdicts(verdicts: readonly Verdict[]): Uint8Array {
  return Uint8Array.from(verdicts, (verdict) => names.indexOf(verdict))
}

/** Bytes as verdicts. */
export function decodeVerdicts(codes: Uint8Array): Verdict[] {
  return Array.from(codes, (code) => names[code])
}

/** Writes the verdicts of the rows of embeddings beside them: verdicts.npy, [rows] of uint8. */
export async function writeVerdicts(folder: string, codes: Uint8Array): Promise<void> {
  await writeFileAtomic(join(folder, 'verdicts.npy'), encodeCodes(codes))
}

/** The bytes of verdicts.npy. */
export function encodeCodes(codes: Uint8Array): Uint8Array {
  return writeNpy(ndarray('u8', [codes.length], codes))
}

/** Reads verdicts.npy of a folder. */
export async function readVerdicts(folder: string): Promise<Uint8Array> {
  return (await readNpyFile(join(folder, 'verdicts.npy'))).data as Uint8Array
}

/** Counts the verdicts of `rows` of a set; `codes` are those of all its rows. */
export function countVerdicts(
  { centers }: Pick<PatchSet, 'centers'>,
  rows: Uint32Array,
  codes: Uint8Array,
): VerdictsByCenter {
  const counts: VerdictsByCenter = {}
  for (const row of rows) {
    const center = centers?.[row] ?? '?'
    counts[center] ??= {}
    const verdict = names[codes[row]]
    counts[center][verdict] = (counts[center][verdict] ?? 0) + 1
  }
  return counts
}
