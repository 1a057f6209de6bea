// The same patches twice: as challenge files, and under other names, in another order and another format. Among them are
// exact copies on another slide, with another label, and alike in everything.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRandom, pixelsAt } from '../../src/base/index.ts'
import { encodePng, hash64 } from '../../src/files/index.ts'
import { writeCsv } from '../../src/formats/index.ts'
import { allRows, createChallengeFile, openPatchSet, type PatchSet } from '../../src/patches/index.ts'
import type { Split } from '../../src/runs/index.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'

const splits: readonly Split[] = ['train', 'val', 'test']

interface Patch {
  readonly data: Uint8Array
  readonly center: number
  readonly slide: number
  readonly label: number
}

/** Writes `plain/{train,val,test}.h5` and `shuffled/{train,val,test}.csv` with pictures beside them. */
export async function writeTwice(folder: string, counts: Record<Split, number>, side: number): Promise<void> {
  const made = join(folder, 'made')
  await makeSyntheticChallenge(made, { counts, size: side, aberrantShare: 0.05, testLabels: true })
  for (const split of splits) {
    const set = await openPatchSet(join(made, `${split}.h5`))
    const patches = addCopies(await readAll(set))
    await set.close()
    await writePlain(join(folder, 'plain'), split, patches, side)
    await writeShuffled(join(folder, 'shuffled'), split, patches, side)
  }
}

async function readAll(set: PatchSet): Promise<Patch[]> {
  const pixels = await set.read(allRows(set))
  return set.ids.map((_, row) => ({
    data: pixelsAt(pixels, row).data,
    center: Number(set.centers![row]),
    slide: Number(set.slides![row]),
    label: set.labels![row],
  }))
}

function addCopies(patches: readonly Patch[]): Patch[] {
  const [a, b, c] = patches
  const elsewhere = patches.find(({ center, slide }) => center === a.center && slide !== a.slide)!
  return [...patches, { ...a, slide: elsewhere.slide }, { ...b, label: 1 - b.label }, { ...c }]
}

async function writePlain(
  folder: string,
  split: Split,
  patches: readonly Patch[],
  side: number,
): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const file = await createChallengeFile(join(folder, `${split}.h5`), { height: side, width: side })
  for (const [id, { data, ...known }] of patches.entries())
    file.append({ id: `${id}`, image: data, ...known })
  await file.close()
}

async function writeShuffled(
  folder: string,
  split: Split,
  patches: readonly Patch[],
  side: number,
): Promise<void> {
  mkdirSync(join(folder, split), { recursive: true })
  const order = openRandom(7, split).permutation(patches.length)
  const rows = Array.from(order, (i, place) => ({
    ...patches[i],
    path: `${split}/${(place * 37) % 1009}.png`,
  }))
  for (const { data, path } of rows) {
    writeFileSync(join(folder, path), await encodePng({ data, count: 1, height: side, width: side }))
  }
  const column = <Key extends keyof (typeof rows)[0]>(key: Key) => rows.map((row) => row[key])
  const table = {
    path: column('path'),
    label: column('label'),
    center: column('center'),
    slide: column('slide'),
  }
  writeFileSync(join(folder, `${split}.csv`), writeCsv(table))
}

/** What tells each patch of a set but for its id, by id. */
export async function namePatches(path: string): Promise<Map<string, string>> {
  const set = await openPatchSet(path)
  const pixels = await set.read(allRows(set))
  await set.close()
  const name = (row: number) =>
    [hash64(pixelsAt(pixels, row).data), set.centers![row], set.slides![row], set.labels![row]].join(' ')
  return new Map(set.ids.map((id, row) => [id, name(row)]))
}
