// What a patch set is: the numbers that `eosin patches info` prints.

import { compareIds } from '../base/index.ts'
import { allRows, readBatches } from './batches.ts'
import type { Origin, PatchSet } from './patchSet.ts'
import type { OpenedPatchSet } from './reader.ts'

/** Patches by name of a center, slide, label or part. */
export type Counts = Readonly<Record<string, number>>

/** A patch set in numbers; null where the data does not say. */
export interface PatchSetInfo {
  readonly source: string
  readonly format: string
  readonly count: number
  readonly size: string
  readonly dtype: string | null
  readonly storage: string
  /** How folders or columns were read, where the format has any. */
  readonly layout: string | null
  /** What of the layout may not be meant so. */
  readonly doubt: string | null
  readonly origin: Origin
  readonly licence: string | null
  /** The published data set that they are of. */
  readonly dataset: string | null
  /** Smallest and largest byte over the sampled patches. */
  readonly range: string
  readonly sampled: number
  readonly parts: Counts | null
  readonly labels: Counts | null
  readonly centers: Counts | null
  /** Labels within each center, `'3: 1'` for tumour patches of center 3. */
  readonly labelsByCenter: Counts | null
  readonly slides: Counts | null
  readonly patients: Counts | null
  /** What looks like a patch but is left out, by reason. */
  readonly leftOut: Counts | null
}

/** Counts everything, and reads up to `samples` patches spread evenly over the set for their range. */
export async function describePatches(set: PatchSet, samples = 256): Promise<PatchSetInfo> {
  const { source, format, count, height, width, storage, origin, licence, labels, centers, slides } = set
  const { dtype = null, parts = null, layout = null, doubt = null } = set as Partial<OpenedPatchSet>
  const { least, most, sampled } = await findRange(set, samples)
  const words = labels && Array.from(labels, String)
  return {
    source,
    format,
    count,
    size: `${height}x${width}`,
    dtype,
    storage,
    layout,
    doubt,
    origin,
    licence,
    dataset: set.dataset ?? null,
    range: `${least} to ${most}`,
    sampled,
    parts,
    labels: words && countWords(words),
    centers: centers && countWords(centers),
    labelsByCenter: words && centers && countWords(words.map((label, row) => `${centers[row]}: ${label}`)),
    slides: slides && countWords(slides),
    patients: set.patients && countWords(set.patients),
    leftOut: countLeftOut(set),
  }
}

/** How many pictures are left out for which reason; null where none is. */
export function countLeftOut({ leftOut = [] }: Partial<OpenedPatchSet>): Counts | null {
  return leftOut.length > 0 ? countWords(leftOut.map(({ problem }) => problem)) : null
}

async function findRange(set: PatchSet, samples: number) {
  const step = Math.max(1, Math.ceil(set.count / samples))
  const rows = allRows(set).filter((row) => row % step === 0)
  let least = 255
  let most = 0
  for await (const { pixels } of readBatches(set, rows, 64)) {
    for (const value of pixels.data) {
      if (value < least) least = value
      if (value > most) most = value
    }
  }
  return { least, most, sampled: rows.length }
}

function countWords(words: readonly string[]): Counts {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  const names = [...counts.keys()].sort(compareIds)
  return Object.fromEntries(names.map((name) => [name, counts.get(name)!]))
}
