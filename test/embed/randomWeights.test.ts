// Rehearsals: models whose weights are drawn, the shipped cards of small networks among them.

import { describe, expect, it } from 'vitest'
import { openRandom, pixels } from '../../src/base/index.ts'
import { openExtractor, openExtractorGraph } from '../../src/embed/index.ts'
import { parseRecipe, printRecipe } from '../../src/recipe/index.ts'
import { catalog, openRandomWeights, readModelCard } from '../../src/weights/index.ts'

const cards = ['vit:recipes/models/small-vit.json', 'davit:recipes/models/small-davit.json']

function drawPatches(count: number) {
  const random = openRandom(1, 'patches')
  return pixels(
    Uint8Array.from({ length: count * 96 * 96 * 3 }, () => random.integer(256)),
    count,
    96,
    96,
  )
}

async function embed(name: string) {
  const extractor = await openExtractor({ name, weights: 'random' }, { device: 'cpu' })
  try {
    const { key, dimensions, provenance } = extractor
    return { key, dimensions, provenance, rows: await extractor.embed(drawPatches(3)) }
  } finally {
    await extractor.close()
  }
}

describe('weights that are drawn', () => {
  it.each(cards)('%s: tell patches apart, are the same each time, and say what they are', async (name) => {
    const { key, dimensions, provenance, rows } = await embed(name)
    expect(await embed(name)).toMatchObject({ key, rows })
    expect(provenance).toMatchObject({ title: expect.stringContaining('drawn at random'), pretraining: [] })
    const distance = Math.hypot(
      ...Array.from({ length: dimensions }, (_, i) => rows[i] - rows[dimensions + i]),
    )
    const length = Math.hypot(...rows.subarray(0, dimensions))
    expect(distance / length).toBeGreaterThan(0.01)
    expect(length).toBeLessThan(1000)
  })

  it('keep the scale of what passes through a matrix, and leave norms as they are', async () => {
    const weights = openRandomWeights(catalog['dinov2-small'])
    const [name, { shape }] = [...weights.tensors].find(([key]) => key.endsWith('fc1.weight'))!
    const { data } = await weights.read(name)
    const spread = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length)
    expect(spread * Math.sqrt(shape[1])).toBeCloseTo(1, 2)
    const norm = [...weights.tensors.keys()].filter((key) => /norm1\.(weight|bias)$/.test(key)).slice(0, 2)
    const [first, second] = await Promise.all(norm.map(async (key) => (await weights.read(key)).data[0]))
    expect(new Set([first, second])).toEqual(new Set([1, 0]))
    await expect(weights.read('nothing')).rejects.toThrow(/random weights: expected a tensor 'nothing'/)
  })

  it.each(cards)('%s: are those of its graph too', async (name) => {
    const graph = await openExtractorGraph(name, { weights: 'random' })
    expect(graph.card?.title).toBe((await readModelCard(name.split(':')[1])).title)
  })

  it('are no path in a recipe', () => {
    const text = `name: r
data: { train: { path: a.h5 }, val: { path: b.h5 } }
stain: [none]
classify: [logistic]
embed: [{ extractor: dinov2-small, weights: random }]
`
    const recipe = parseRecipe(text, { where: 'r.yaml', folder: '/some/where' })
    expect(recipe.embed[0].options.weights).toBe('random')
    expect(printRecipe(recipe, '/else')).toMatch(/weights: random\n/)
  })
})

describe('a card', () => {
  it('is of the family that the extractor says', async () => {
    await expect(
      openExtractor({ name: 'vit:recipes/models/small-davit.json', weights: 'random' }),
    ).rejects.toThrow(/architecture: family: expected vit, got davit; write davit:recipes/)
  })
})
