import { describe, expect, it } from 'vitest'
import {
  angleBetween,
  densityTable,
  learnDictionary,
  publishedProfile,
  type StainMatrix,
  stainMethods,
} from '../../src/stain/index.ts'
import { drawTissue, streamOf, trueStains } from './pictures.ts'

const { vahadane, ruifrok } = stainMethods
const table = densityTable(255)
const bounds = { steps: 300, tolerance: 1e-8 }

function learn(start: StainMatrix, steps = bounds.steps) {
  const { data } = drawTissue(1, 48)
  const offsets = Int32Array.from({ length: 48 * 48 }, (_, i) => 3 * i)
  return learnDictionary(data, [table, table, table], offsets, offsets.length, 0.1, start, {
    ...bounds,
    steps,
  })
}

describe('the dictionary of two stains', () => {
  it('reaches the same objective from several starts', () => {
    const starts: StainMatrix[] = [
      trueStains,
      [trueStains[1], trueStains[0]],
      publishedProfile.stains,
      ruifrok.defaults.stains,
      [
        [0.9, 0.4, 0.1],
        [0.1, 0.4, 0.9],
      ],
    ]
    const objectives = starts.map((start) => learn(start).objective)
    for (const objective of objectives) expect(objective / Math.min(...objectives) - 1).toBeLessThan(1e-4)
  })

  it('never gets worse with more steps and is bit for bit the same twice', () => {
    const start = trueStains
    const objectives = [0, 1, 2, 5, 20, 100].map((steps) => learn(start, steps).objective)
    objectives.slice(1).forEach((objective, i) => {
      expect(objective).toBeLessThanOrEqual(objectives[i] + 1e-12)
    })
    expect(learn(start)).toEqual(learn(start))
  })
})

describe('Vahadane', () => {
  it('finds the stains of a patch', async () => {
    const fit = await vahadane.fit(streamOf(drawTissue(2, 96)), { ...vahadane.defaults, lambda: 0.01 })
    expect(angleBetween(fit.stains[0], trueStains[0])).toBeLessThan(5)
    expect(angleBetween(fit.stains[1], trueStains[1])).toBeLessThan(5)
  })
})

describe('Ruifrok', () => {
  it('keeps its vectors and fits strengths only', async () => {
    const fit = await ruifrok.fit(streamOf(drawTissue(2, 96)), ruifrok.defaults)
    expect(fit.stains).toEqual(ruifrok.defaults.stains)
    expect(fit.maxConcentrations[0]).toBeGreaterThan(0.5)
  })
})
