// What brings the embeddings of every center to one footing: the maps of each split's centers, from all its patches that
// passed the filter, without their labels (adapt/alignCenters.ts).

import { join } from 'node:path'
import {
  type Alignment,
  alignCenters,
  type CenterMap,
  type CenterRows,
  type CoralReference,
  referCoral,
} from '../../adapt/index.ts'
import { compareNames, f32, type NdArray } from '../../base/index.ts'
import type { Engines } from '../../engine/index.ts'
import { openNpy, readNpyFile, writeFileAtomic } from '../../files/index.ts'
import { writeNpy } from '../../formats/index.ts'
import { allRows, type PatchSet } from '../../patches/index.ts'
import type { AdaptEntry, Recipe } from '../../recipe/index.ts'
import { readJson, type Split } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { OpenSplits } from '../splits.ts'
import { type FilteredSplit, filterInputs, passedRows } from './filter.ts'

/** The maps of a split's centers. */
export interface SplitMaps {
  /** In the order of `maps`; `?` where the split does not know its patches' centers. */
  readonly centers: readonly string[]
  readonly maps: readonly CenterMap[]
}

/** The maps of all splits, and what `coral` brings new centers to. */
export interface Alignments {
  readonly splits: Readonly<Partial<Record<Split, SplitMaps>>>
  readonly reference: CoralReference | null
}

/** What the maps of the centers of embeddings are made from; null where an adaptation aligns nothing. */
export function alignInputs(
  recipe: Recipe,
  splits: OpenSplits,
  embeddings: Readonly<Partial<Record<Split, CacheInputs>>>,
  { options: { align } }: AdaptEntry,
  { processor }: Engines,
): CacheInputs | null {
  if (align === 'none') return null
  const from = Object.values(splits).map((split) => [
    split.split,
    keyOf(embeddings[split.split]!),
    keyOf(filterInputs(recipe, split)),
  ])
  return { stage: 'adapt', version: 1, align, from, ...(align === 'coral' && { engine: processor }) }
}

const nameOf = (set: FilteredSplit['set'], row: number) => set.centers?.[row] ?? '?'

/** Measures the maps of all splits into `folder`; `files` are the embeddings of each. */
export async function makeAlignments(
  filtered: Readonly<Partial<Record<Split, FilteredSplit>>>,
  files: Readonly<Partial<Record<Split, string>>>,
  align: Exclude<Alignment, 'none'>,
  folder: string,
  threads?: number,
): Promise<void> {
  let reference: CoralReference | null = null
  for (const split of Object.values(filtered)) {
    const x = await openNpy(files[split.split]!)
    try {
      const groups = groupByCenter(split.set, passedRows(split), x)
      if (split.split === 'train' && align === 'coral') {
        reference = await referCoral(groups, threads)
        await writeMatrix(join(folder, 'reference.npy'), reference)
      }
      const maps = await alignCenters(groups, align, reference, threads)
      for (const [i, { turn }] of maps.entries())
        if (turn) await writeMatrix(join(folder, `${split.split}-turn-${i}.npy`), turn)
      await writeMatrix(join(folder, `${split.split}.npy`), stackMaps(maps))
      const centers = groups.map(({ center }) => center)
      await writeFileAtomic(join(folder, `${split.split}.json`), `${JSON.stringify(centers)}\n`)
    } finally {
      await x.close()
    }
  }
}

/** Reads what `makeAlignments` wrote. */
export async function readAlignments(
  { folder }: CacheEntry,
  splits: object,
  align: Alignment,
): Promise<Alignments> {
  const isCoral = align === 'coral'
  const read = async (name: string) => (await readNpyFile(join(folder, name))) as NdArray<'f32'>
  const found: Partial<Record<Split, SplitMaps>> = {}
  for (const split of Object.keys(splits) as Split[]) {
    const centers = await readJson<string[]>(join(folder, `${split}.json`))
    const { shape, data } = await read(`${split}.npy`)
    const maps: CenterMap[] = []
    for (const i of centers.keys()) {
      const part = (which: number) => data.slice((2 * i + which) * shape[2], (2 * i + which + 1) * shape[2])
      const turn = isCoral ? await read(`${split}-turn-${i}.npy`) : null
      maps.push({ shift: part(0), scale: part(1), turn })
    }
    found[split] = { centers, maps }
  }
  return { splits: found, reference: isCoral ? await read('reference.npy') : null }
}

/** Of each row of a split's embeddings (view 0 of all patches, then view 1, ...) the place of its center's map. */
export function placeCenters(
  { set }: Pick<FilteredSplit, 'set'>,
  { centers }: SplitMaps,
  views: number,
): Uint16Array {
  const place = new Map(centers.map((center, i) => [center, i]))
  return Uint16Array.from({ length: set.count * views }, (_, row) => place.get(nameOf(set, row % set.count))!)
}

/** `ordered` rows of a set by center, in the order given; a center without any has none. */
export function groupByCenter(set: PatchSet, ordered: Uint32Array, x: CenterRows['x']): CenterRows[] {
  const byCenter = new Map(Array.from(allRows(set), (row): [string, number[]] => [nameOf(set, row), []]))
  for (const row of ordered) byCenter.get(nameOf(set, row))!.push(row)
  return [...byCenter]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([center, rows]) => ({ center, x, rows: Uint32Array.from(rows) }))
}

// [centers, 2, dimensions]: shift and scale.
function stackMaps(maps: readonly CenterMap[]): NdArray<'f32'> {
  const dimensions = maps[0].shift.length
  const stacked = f32([maps.length, 2, dimensions])
  for (const [i, { shift, scale }] of maps.entries()) {
    stacked.data.set(shift, 2 * i * dimensions)
    stacked.data.set(scale, (2 * i + 1) * dimensions)
  }
  return stacked
}

async function writeMatrix(path: string, array: NdArray<'f32'>): Promise<void> {
  await writeFileAtomic(path, writeNpy(array))
}
