// The cost of a task is that of its class: what does not change how long it takes is no part of it.

import { describe, expect, it } from 'vitest'
import { noAdaptation, parseRecipe } from '../../src/recipe/index.ts'
import {
  type CostedSet,
  effectCost,
  embedCost,
  evaluationCost,
  filterCost,
  fitCost,
  groupsCost,
  hashCost,
  headCost,
  signatureCost,
} from '../../src/study/costClass.ts'
import type { OpenSplits } from '../../src/study/splits.ts'

const engines = { device: 'onnxruntime 1.30.0 cuda', processor: 'onnxruntime 1.30.0 cpu' }

// Patches of each center in turn, ten of each slide.
function makeSet(count: number, centers: readonly string[], side = 96): CostedSet {
  return {
    format: 'challenge',
    storage: 'contiguous uint8',
    count,
    height: side,
    width: side,
    centers: Array.from({ length: count }, (_, i) => centers[i % centers.length]),
    slides: Array.from({ length: count }, (_, i) => `slide ${Math.floor(i / 10)}`),
  }
}
const train = makeSet(500, ['0', '3', '4'])
const val = makeSet(100, ['1'])
const splits = { train: { set: train }, val: { set: val } } as unknown as OpenSplits

// The entries of a recipe whose axes are these.
function readAxes(axes: { stain?: string; augment?: string; embed?: string; classify?: string }) {
  const { stain = '[macenko]', augment = '[none]', embed = '[texture]', classify = '[logistic]' } = axes
  return parseRecipe(
    `name: costs
data: { train: { path: a.h5 }, val: { path: b.h5 } }
stain: ${stain}
augment: ${augment}
embed: ${embed}
classify: ${classify}`,
    { where: 'recipe', folder: '/nowhere' },
  )
}
const stainOf = (text: string) => readAxes({ stain: `[${text}]` }).stain[0]
const headOf = (text: string) => readAxes({ classify: `[${text}]` }).classify[0]

describe('the cost of reading', () => {
  it('is that of the format, by pixels', () => {
    expect(hashCost(val)).toEqual({
      class: 'hash challenge contiguous uint8',
      size: 9216,
      items: 100,
      bytes: 4000,
    })
    expect(filterCost(makeSet(7, ['1'], 32))).toMatchObject({
      class: 'filter challenge contiguous uint8',
      size: 1024,
    })
  })
})

describe('the cost of a stain', () => {
  it('is that of its method with the options that were changed, whatever its label', () => {
    const plain = fitCost(stainOf('macenko'), splits, engines)
    expect(plain).toMatchObject({ class: 'fit macenko', size: 9216, items: 64 })
    const labelled = stainOf('{ method: macenko, label: other, reference: { center: 3, count: 12 } }')
    expect(fitCost(labelled, splits, engines)).toEqual({ ...plain, items: 12 })
    const changed = fitCost(stainOf('{ method: macenko, maxGain: 3 }'), splits, engines)
    expect(changed).toMatchObject({ class: 'fit macenko maxGain=3', like: ['fit macenko'] })
    expect(fitCost(stainOf('none'), splits, engines)).toMatchObject({ class: 'fit none', items: 0 })
  })

  it('of groups and effects is that of the patches sampled of each', () => {
    const slides = 50 * 10
    expect(groupsCost(stainOf('macenko'), train).items).toBe(3 * 32 + slides)
    expect(groupsCost(stainOf('{ method: macenko, fallback: center }'), train).items).toBe(3 * 32)
    expect(effectCost(stainOf('macenko'), [train, val])).toMatchObject({
      class: 'effect macenko',
      items: 4 * 32,
    })
  })

  it('of a training grows with the pictures that it shows', () => {
    const cost = (options: string) => fitCost(stainOf(`{ method: cyclegan, ${options} }`), splits, engines)
    const named = cost('epochs: 3, decay: 2, images: 10, side: 64, reference: { center: 0 }')
    expect(named).toMatchObject({
      class: 'fit cyclegan | cuda',
      size: 4096,
      items: 5 * 2 * 10,
      usesThreads: true,
    })
    const largest = cost('epochs: 3, decay: 2, reference: { center: 0 }')
    expect(largest).toMatchObject({ class: named.class, size: 9216, items: 5 * 2 * 167 })
    expect(cost('epochs: 3, decay: 2, limit: 50, reference: { center: 0 }').items).toBe(5 * 2 * 50)
    const pooled = stainOf('{ method: multistain, epochs: 1, decay: 0, reference: { center: 0 } }')
    expect(fitCost(pooled, splits, engines).items).toBe(167 + 166)
    expect(cost('generator: { width: 8 }').class).toMatch(
      /^fit cyclegan generator=\{.*"width":8.*\} \| cuda$/,
    )
    expect(cost('distill: 8')).toMatchObject({ class: 'fit cyclegan | distilled | cuda', items: 1 })
  })
})

describe('a class', () => {
  it('fits a line, whatever is written', () => {
    const classOf = (width: number) => {
      const options = `generator: { width: ${width} }, discriminator: { width: 7 }, cycle: 3, scored: 5, batch: 3`
      return fitCost(stainOf(`{ method: cyclegan, ${options} }`), splits, engines).class
    }
    expect(classOf(8)).toMatch(/^fit cyclegan [0-9a-f]{16} \| cuda$/)
    expect(classOf(9)).not.toBe(classOf(8))
  })
})

describe('the cost of embedding', () => {
  const cost = (axes: Parameters<typeof readAxes>[0], views = 1) => {
    const { stain, augment, embed } = readAxes(axes)
    return embedCost(
      { stain: stain[0], augment: augment[0], embed: embed[0] },
      train,
      { views, isStained: false },
      266,
      engines,
    )
  }

  it('tells views from patches as they are', () => {
    const views = cost({ embed: '[{ extractor: texture, views: 8 }]' })
    expect(views).toMatchObject({
      class: 'embed texture views=8 | macenko',
      items: 500,
      bytes: 4 * 500 * 266,
    })
    expect(cost({ embed: '[{ extractor: texture, views: 1 }]' })).toEqual(cost({}))
  })

  it('is that of stain and extractor, and knows its bytes', () => {
    expect(cost({})).toEqual({
      class: 'embed texture | macenko',
      size: 9216,
      items: 500,
      usesThreads: true,
      bytes: 4 * 500 * 266,
      like: ['embed texture | macenko'],
    })
  })

  it('of views is that of how they are made', () => {
    const augment = '[{ stain: { method: concentration, scale: 0.3 }, flips: true, views: 3 }]'
    expect(cost({ augment }, 3)).toMatchObject({
      class: 'embed texture | macenko | views concentration scale=0.3 flips',
      items: 1500,
    })
  })

  it('by a network knows the device and the sides of patches, and not where its weights lie', () => {
    const embed = '[{ extractor: dinov2-small, weights: /somewhere/model.safetensors, precision: int8 }]'
    expect(cost({ embed })).toMatchObject({
      class: 'embed dinov2-small precision="int8" | 96x96 cuda | macenko',
      size: 1,
    })
  })
})

describe('the cost of a head', () => {
  const rows = { trained: 500, predicted: 100 }

  it('is that of its options, by the weights or dimensions that it has', () => {
    expect(headCost(headOf('mlp'), noAdaptation, rows, 266, engines)).toEqual({
      class: 'head mlp',
      size: 266 * 512 + 512 * 256 + 256 * 128 + 128,
      items: 500,
      bytes: 8 * (266 * 512 + 512 * 256 + 256 * 128 + 128) + 4 * 100,
      like: ['head mlp'],
    })
    expect(
      headCost(headOf('{ head: mlp, hidden: [8], epochs: 2, label: a }'), noAdaptation, rows, 10, engines),
    ).toMatchObject({
      class: 'head mlp epochs=2 hidden=[8]',
      size: 88,
    })
    expect(headCost(headOf('logistic'), noAdaptation, rows, 266, engines)).toMatchObject({
      class: 'head logistic',
      size: 266,
    })
    expect(headCost(headOf('knn'), noAdaptation, rows, 266, engines)).toMatchObject({
      items: 500 * 100,
      bytes: 4 * 266 * 500 + 4 * 100,
    })
  })
})

describe('the cost of figures', () => {
  it('grows with rows, and that of a signature with their pairs', () => {
    expect(evaluationCost(130)).toEqual({ class: 'evaluation', size: 1, items: 130 })
    expect(signatureCost([train, makeSet(400, ['1', '0'])], 266)).toEqual({
      class: 'signature',
      size: 266,
      items: (200 + 167 + 166 + 200) ** 2,
    })
  })
})
