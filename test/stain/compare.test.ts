import { describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import {
  compareResult,
  renderComparePage,
  type StainMatrix,
  stainMethods,
  structuralSimilarity,
} from '../../src/stain/index.ts'
import { drawTissue, fillPatch, joinPatches, streamOf, trueStains } from './pictures.ts'

const other: StainMatrix = [
  [0.7, 0.62, 0.354],
  [0.3, 0.9, 0.316],
]
const before = joinPatches([
  drawTissue(1, 48),
  drawTissue(2, 48),
  drawTissue(3, 48, 1, other, 0.7),
  drawTissue(4, 48, 1, other, 0.7),
])
const centers = ['a', 'a', 'b', 'b']

async function compareWith(name: 'none' | 'macenko' | 'reinhard') {
  const method = stainMethods[name]
  const fit = await method.fit(streamOf(drawTissue(9, 48, 1, trueStains)), method.defaults as never)
  const result = await method.apply(before, fit as never, method.defaults as never)
  return compareResult(name, before, result, centers)
}

describe('a comparison', () => {
  it('finds everything kept where nothing was done', async () => {
    const none = await compareWith('none')
    expect(none.similarity).toBeCloseTo(1, 12)
    expect(none.hematoxylinKept).toBeCloseTo(1, 12)
    expect(none.centerDistance).toBeGreaterThan(5)
  })

  it('finds centers brought together and structure kept by Macenko and Reinhard', async () => {
    const none = await compareWith('none')
    for (const name of ['macenko', 'reinhard'] as const) {
      const { centerDistance, similarity, hematoxylinKept } = await compareWith(name)
      expect(centerDistance!).toBeLessThan(none.centerDistance! / 2)
      expect(similarity).toBeGreaterThan(0.8)
      expect(hematoxylinKept).toBeGreaterThan(0.9)
    }
  })

  it('finds noise unlike tissue', () => {
    const noise = fillPatch(1, 48, (random) => random.integer(256))
    expect(structuralSimilarity(pixelsAt(before, 0), noise)).toBeLessThan(0.3)
  })

  it('is a page of its own with every picture in it', async () => {
    const html = await renderComparePage({
      title: 'a <b> & c',
      before,
      ids: ['p1', 'p2', 'p3', 'p4'],
      centers,
      methods: [await compareWith('none'), await compareWith('macenko')],
      encode: async () => Uint8Array.of(1, 2, 3),
    })
    expect(html.match(/<img /g)).toHaveLength(12)
    expect(html).toContain('a &#60;b&#62; &#38; c')
    expect(html).not.toMatch(/(src|href)="(?!data:)/)
  })
})
