import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openRandom, pixelsAt, silent } from '../../src/base/index.ts'
import type { Extractor } from '../../src/embed/index.ts'
import { readNpy } from '../../src/formats/index.ts'
import { methodOf } from '../../src/normalise/fittedStain.ts'
import { fitGroups, sampleGroups } from '../../src/normalise/stainGroups.ts'
import { allRows, orderPatches, type PatchSet, selectPatches } from '../../src/patches/index.ts'
import { type AugmentEntry, readAugmentEntry } from '../../src/recipe/augmentation.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { openAugmenter, repeatLabels, targetGroups } from '../../src/study/steps/augmentViews.ts'
import { embedRows } from '../../src/study/steps/embedSplit.ts'
import { memorySet } from '../patches/memorySet.ts'
import { drawTissue, joinPatches, trueStains } from '../stain/pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-augment-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const paler = 0.7
const train = memorySet(
  joinPatches([
    ...Array.from({ length: 3 }, (_, i) => drawTissue(i, 48)),
    ...Array.from({ length: 3 }, (_, i) => drawTissue(10 + i, 48, 1, trueStains, paler)),
  ]),
  { centers: ['a', 'a', 'a', 'b', 'b', 'b'] },
)
const stainEntry = parseRecipe(
  'name: a\ndata: { train: { path: t }, val: { path: v } }\nstain: [none]\nembed: [texture]\nclassify: [mlp]\n',
  { where: 'r.yaml', folder: '/' },
).stain[0]

// The mean of each channel, and the first pixel's red.
const means: Extractor = {
  name: 'means',
  key: 'means',
  dimensions: 4,
  featureNames: null,
  provenance: null,
  embed: async (batch) => {
    const rows = Array.from({ length: batch.count }, (_, i) => {
      const { data } = pixelsAt(batch, i)
      const mean = (k: number) => data.reduce((sum, v, at) => (at % 3 === k ? sum + v : sum), 0) / data.length
      return [mean(0), mean(1), mean(2), data[0]]
    })
    return Float32Array.from(rows.flat())
  },
  close: async () => {},
}

async function embed(set: PatchSet, entry: AugmentEntry, seed = 0): Promise<number[][]> {
  const work = mkdtempSync(join(folder, 'work-'))
  const rows = allRows(set)
  const targets = targetGroups(entry)
  const sample = sampleGroups(set, await orderPatches(set, rows))
  const fits = targets ? await fitGroups(set, sample, targets) : {}
  await embedRows({
    set,
    rows,
    stain: { entry: stainEntry, method: methodOf(stainEntry), fit: {} },
    groups: {},
    augmenter: openAugmenter(seed, set, entry, fits),
    extractor: means,
    folder: work,
    progress: silent,
  })
  const { data, shape } = readNpy(readFileSync(join(work, 'embeddings.npy')), 'embeddings')
  return Array.from({ length: shape[0] }, (_, row) =>
    Array.from(data.slice(4 * row, 4 * row + 4) as Float32Array),
  )
}

const none = readAugmentEntry('r.yaml augment', 'none')
const hed = readAugmentEntry('r.yaml augment', {
  stain: 'hed',
  flips: true,
  rotation: 10,
  views: 3,
})

describe('augmented embeddings', () => {
  it('hold the patches as they are, then each further view of all of them', async () => {
    const [plain, rows] = [await embed(train, none), await embed(train, hed)]
    expect(rows).toHaveLength(18)
    expect(rows.slice(0, 6)).toEqual(plain)
    const distinct = new Set(rows.map((row) => row.join()))
    expect(distinct.size).toBe(18)
    expect(Array.from(repeatLabels(Uint8Array.of(1, 0), 3))).toEqual([1, 0, 1, 0, 1, 0])
  })

  it('follow from the seed, and not from the order of rows or from ids', async () => {
    const order = openRandom(5).permutation(train.count)
    const shuffled = { ...selectPatches(train, order), ids: train.ids }
    const [rows, again, other] = [
      await embed(train, hed),
      await embed(shuffled, hed),
      await embed(train, hed, 1),
    ]
    for (let view = 0; view < 3; view++) {
      order.forEach((row, i) => {
        expect(again[6 * view + i]).toEqual(rows[6 * view + row])
      })
    }
    expect(other).not.toEqual(rows)
  })

  it('are restained towards other training centers only: dark ones paler, pale ones darker', async () => {
    const restain = readAugmentEntry('r.yaml augment', {
      ...hed,
      stain: 'restain',
      flips: false,
      rotation: 0,
      views: 4,
    })
    const rows = await embed(train, restain)
    const light = (row: number) => rows[row].slice(0, 3).reduce((sum, mean) => sum + mean, 0)
    for (let row = 0; row < 6; row++) {
      for (const view of [1, 2, 3]) {
        const change = light(6 * view + row) - light(row)
        expect(row < 3 ? change : -change).toBeGreaterThan(-3) // truncation takes up to half a level a channel
      }
    }
    const changes = [1, 2, 3].map((view) => light(6 * view) - light(0))
    expect(Math.max(...changes)).toBeGreaterThan(10)
  })
})

describe('an entry of augment', () => {
  const read = (entry: object) => readAugmentEntry('r.yaml augment', entry as never)
  it('is named after what it does, and a name alone stands for its defaults', () => {
    expect(none).toEqual({
      label: 'none',
      stain: { name: 'none', options: {} },
      flips: false,
      rotation: 0,
      views: 1,
    })
    expect(readAugmentEntry('r.yaml augment', 'hed')).toMatchObject({ label: 'hed', views: 4 })
    expect(hed.label).toBe('hed-flips-rotation')
  })

  const full = { stain: 'none', flips: false, rotation: 0, views: 2 }
  it.each([
    ['views that are all the same', full, 'views that are all the same'],
    ['an unknown stain augmentation', { ...full, stain: 'head' }, "did you mean 'hed'?"],
    [
      'an option of another',
      { ...full, stain: { method: 'hed', alpha: 1 } },
      "expected one of scale, shift, got 'alpha'",
    ],
  ])('refuses %s', (_name, entry, message) => {
    expect(() => read(entry)).toThrow(message)
  })
})
