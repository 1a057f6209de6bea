// The gallery's pictures: which are made, that they are the same whatever the order of rows, and that none is left over.

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import type { StudyStain } from '../../src/normalise/stainGroups.ts'
import { allRows, orderPatches, type PatchSet, selectPatches } from '../../src/patches/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import type { Split } from '../../src/runs/index.ts'
import { stainMethods } from '../../src/stain/index.ts'
import type { FilteredSplit } from '../../src/study/steps/filter.ts'
import { makeGallery } from '../../src/study/steps/makeGallery.ts'
import { memorySet } from '../patches/memorySet.ts'
import { drawTissue, joinPatches } from '../stain/pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-gallery-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Ten patches of each center.
function openSet(...centers: string[]): PatchSet {
  const names = centers.flatMap((center) => new Array<string>(10).fill(center))
  const batch = joinPatches(names.map((center, row) => drawTissue(100 * Number(center) + row, 32)))
  return memorySet(batch, { centers: names, ids: names.map((center, row) => `${center}-${row}`) })
}

async function filter(split: Split, set: PatchSet): Promise<FilteredSplit> {
  const rows = allRows(set)
  const order = await orderPatches(set, rows)
  return { split, set, rows, order, ordered: order, rejections: [] } as unknown as FilteredSplit
}

// Grayscale in place of a generator: what makes a method a learned one is that it is trained.
function openStain(label: string, isLearned = false): StudyStain {
  const text = `name: a\ndata: { train: { path: t }, val: { path: v } }\nstain: [{ method: grayscale, label: ${label} }]\nembed: [texture]\nclassify: [mlp]\n`
  const [entry] = parseRecipe(text, { where: 'r.yaml', folder: '/' }).stain
  const train = isLearned && { train: async () => ({}) }
  const method = { ...stainMethods.grayscale, ...train } as unknown as StudyStain['method']
  return { entry, method, fit: {}, groups: {} }
}

const sets = { train: openSet('0', '3'), val: openSet('1'), test: openSet('2') }
const stains = [openStain('plain'), openStain('ours', true), openStain('theirs', true)]

async function make(name: string, of: Readonly<Record<string, PatchSet>>, among = stains) {
  const filtered: Record<string, FilteredSplit> = {}
  for (const [split, set] of Object.entries(of)) filtered[split] = await filter(split as Split, set)
  const run = join(folder, name)
  return { run, gallery: await makeGallery(run, 5, filtered, among, null) }
}

function hashPictures(run: string): Record<string, string> {
  const hash = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(run, 'gallery', file)))
      .digest('hex')
  return Object.fromEntries(readdirSync(join(run, 'gallery')).map((file) => [file, hash(file)]))
}

describe('the gallery of a run with learned stains', () => {
  it('has the samples of every center under each of them, the test center among these', async () => {
    const { run, gallery } = await make('learned', sets)
    expect(gallery.learned!.map(({ original }) => original)).toEqual(gallery.samples)
    expect(new Set(gallery.samples.map(({ split, center }) => `${split} ${center}`))).toEqual(
      new Set(['train 0', 'train 3', 'val 1', 'test 2']),
    )
    const files = readdirSync(join(run, 'gallery'))
    for (const { original, methods } of gallery.learned!) {
      expect(methods.map(({ stain, verdict }) => [stain, verdict])).toEqual([
        ['ours', 'ok'],
        ['theirs', 'ok'],
      ])
      expect(files).toEqual(expect.arrayContaining([original.file, ...methods.map(({ file }) => file)]))
    }
    expect(gallery.learned).toHaveLength(24)
  })

  it('has a file of its own for every picture, whatever ids and labels hold', async () => {
    const batch = joinPatches([1, 2, 3].map((seed) => drawTissue(seed, 32)))
    const set = memorySet(batch, { centers: ['0', '3', '4'], ids: ['a/b', 'a_b', 'a_b-x y'] })
    const odd = [openStain('x y'), openStain('x_y'), openStain('X_y')]
    const { run, gallery } = await make('odd', { train: set }, odd)
    const files = gallery.stains.flatMap(({ original, methods }) =>
      [original, ...methods].map(({ file }) => file),
    )
    expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(12)
    expect(new Set(readdirSync(join(run, 'gallery')))).toEqual(new Set(files))
  })

  it('is the same to the byte whatever the order of rows, and leaves nothing of an earlier one', async () => {
    const { run, gallery } = await make('ordered', sets)
    const shuffled = Object.fromEntries(
      Object.entries(sets).map(([split, set]) => [
        split,
        selectPatches(set, openRandom(1, split).permutation(set.count)),
      ]),
    )
    const expected = hashPictures(run)
    writeFileSync(join(run, 'gallery', 'train-0-0-old.png'), 'left by another recipe')
    const again = await make('ordered', shuffled)
    expect(again.gallery).toEqual(gallery)
    expect(hashPictures(run)).toEqual(expected)
  })

  it('shows fewer of each center where there are many centers and stains', async () => {
    const many = Array.from({ length: 6 }, (_, i) => openStain(`ours ${i}`, true))
    const { gallery } = await make('many', sets, many)
    expect(gallery.learned).toHaveLength(8)
    expect(new Set(gallery.learned!.map(({ original }) => original.center)).size).toBe(4)
  })
})

describe('the gallery of a run without learned stains', () => {
  it('does not speak of them', async () => {
    const { run, gallery } = await make('plain', sets, [openStain('plain')])
    expect(gallery).not.toHaveProperty('learned')
    expect(gallery.stains).toHaveLength(4)
    expect(readdirSync(join(run, 'gallery'))).toHaveLength(24 + 4)
  })
})
