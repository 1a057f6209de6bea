import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { methodOf } from '../../src/normalise/fittedStain.ts'
import { fitOwnGroups, stainBatches } from '../../src/normalise/index.ts'
import { sampleGroups } from '../../src/normalise/stainGroups.ts'
import { allRows, orderPatches, type PatchSet, selectPatches } from '../../src/patches/index.ts'
import { parseRecipe, type StainEntry } from '../../src/recipe/index.ts'
import { memorySet } from '../patches/memorySet.ts'
import { drawTissue, joinPatches } from '../stain/pictures.ts'

function entryOf(stain: string): StainEntry {
  const text = `name: a\ndata: { train: { path: t }, val: { path: v } }\nstain: [${stain}]\nembed: [texture]\nclassify: [mlp]\n`
  return parseRecipe(text, { where: 'r.yaml', folder: '/' }).stain[0]
}

// Slide 7 of center a has tissue but for row 0, slide 8 has none, slide 9 is of a center without any tissue.
const set = memorySet(
  joinPatches([
    drawTissue(1, 64, 0.01),
    ...Array.from({ length: 40 }, (_, i) => drawTissue(10 + i, 64)),
    drawTissue(2, 64, 0.01),
    drawTissue(3, 64, 0.01),
  ]),
  {
    centers: [...new Array(42).fill('a'), 'b'],
    slides: [...new Array(41).fill('7'), '8', '9'],
  },
)

async function verdictsOf(patches: PatchSet, stain: string): Promise<string[]> {
  const entry = entryOf(stain)
  const method = methodOf(entry)
  const rows = allRows(patches)
  const ready = { entry, method, fit: await method.fit((async function* () {})(), entry.options) }
  const groups = await fitOwnGroups(patches, entry, () => orderPatches(patches, rows))
  const verdicts: string[] = []
  for await (const { result } of stainBatches(patches, rows, ready, groups)) verdicts.push(...result.verdicts)
  return verdicts
}

describe.each(['macenko', 'reinhard', 'vahadane', 'ruifrok'])('a sparse patch under %s', (method) => {
  it('falls back on its slide, else on its center, and passes where neither has tissue', async () => {
    const verdicts = await verdictsOf(set, method)
    expect([verdicts[0], verdicts[1], verdicts[41], verdicts[42]]).toEqual([
      'fallback',
      'ok',
      'fallback',
      'passthrough',
    ])
  })
})

describe('the option fallback', () => {
  it('switches it off, and does nothing where neither slide nor center is known', async () => {
    expect(await verdictsOf(set, '{ method: macenko, fallback: none }')).not.toContain('fallback')
    expect(await verdictsOf({ ...set, slides: null, centers: null }, 'macenko')).not.toContain('fallback')
  })

  it('takes centers where it says so, and where slides are not known', async () => {
    const byCenter = await verdictsOf(set, '{ method: macenko, fallback: center }')
    expect(byCenter).toEqual(await verdictsOf({ ...set, slides: null }, 'macenko'))
    expect(byCenter.filter((verdict) => verdict === 'fallback')).toHaveLength(2)
  })

  it('fits centers only where it says center', async () => {
    const entry = entryOf('{ method: macenko, fallback: center }')
    const groups = await fitOwnGroups(set, entry, () => orderPatches(set, allRows(set)))
    expect(Object.keys(groups)).toEqual(['center a', 'center b'])
  })
})

describe('the sample of a group', () => {
  it('is bounded, and the same patches whatever their order and their ids', async () => {
    const order = openRandom(1).permutation(set.count)
    const shuffled = { ...selectPatches(set, order), ids: set.ids }
    const sampleOf = async (patches: PatchSet) =>
      sampleGroups(patches, await orderPatches(patches, allRows(patches)))
    const [sample, again] = [await sampleOf(set), await sampleOf(shuffled)]
    expect(sample['slide a/7']).toHaveLength(32)
    expect(sample['center b']).toEqual([42])
    for (const [group, rows] of Object.entries(sample)) {
      expect(again[group].map((row) => order[row])).toEqual(rows)
    }
  })
})
