import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkGan } from '../../conformance/gan.ts'
import { input, sortValues } from '../../src/graph/index.ts'
import { patchGan, resnetGenerator, unetGenerator } from '../../src/models/index.ts'
import { inferencePass, openTrainingPass, type ParamValues } from '../../src/nn/index.ts'

const golden = '../shared/golden'

function write(model: ReturnType<typeof unetGenerator>, shape: readonly (number | string)[]) {
  const params: ParamValues = Object.fromEntries(
    Object.entries(model.params).map(([name, spec]) => [name, input(name, spec.shape)]),
  )
  return model.apply(params, input('images', shape), inferencePass).shape
}

describe('resnetGenerator', () => {
  it('names its parameters by the places of the reference, which move with the number of blocks', () => {
    const six = Object.keys(resnetGenerator({ blocks: 6 }).params)
    expect(six).toContain('model.10.conv_block.1.weight')
    expect(six).toContain('model.15.conv_block.5.bias')
    expect(six.slice(-2)).toEqual(['model.23.weight', 'model.23.bias'])
    expect(Object.keys(resnetGenerator().params).slice(-2)).toEqual(['model.26.weight', 'model.26.bias'])
    expect(Object.keys(resnetGenerator({ padding: 'zero' }).params)).toContain('model.10.conv_block.3.weight')
  })

  it('keeps the size of an image, for a batch of any size, and refuses one smaller than its padding', () => {
    const model = resnetGenerator({ width: 2, blocks: 1 })
    expect(write(model, ['images', 3, 24, 40])).toEqual(['images', 3, 24, 40])
    expect(() => write(model, [1, 3, 3, 3])).toThrow(/pad reflect/)
  })
})

describe("a resnetGenerator's dropout", () => {
  it('is a layer of its own in each block, one mask a block in training and nothing in use', () => {
    const model = resnetGenerator({ width: 2, blocks: 2, dropout: 0.5 })
    expect(Object.keys(model.params)).toContain('model.11.conv_block.6.weight')
    expect(Object.keys(model.params)).not.toContain('model.11.conv_block.5.weight')
    const params: ParamValues = Object.fromEntries(
      Object.entries(model.params).map(([name, spec]) => [name, input(name, spec.shape)]),
    )
    const training = openTrainingPass()
    model.apply(params, input('images', [3, 3, 16, 16]), training)
    expect(training.masks.map(({ keep, shape }) => [keep, shape])).toEqual([
      [0.5, [3, 8, 4, 4]],
      [0.5, [3, 8, 4, 4]],
    ])
    const use = sortValues([model.apply(params, input('images', [3, 3, 16, 16]), inferencePass)])
    expect(use.filter(({ dtype }) => dtype === 'bool')).toEqual([])
  })
})

describe('unetGenerator', () => {
  it('nests its levels and doubles its channels up to eight times', () => {
    const { params } = unetGenerator({ width: 2, downs: 6 })
    expect(params['model.model.0.weight'].shape).toEqual([2, 3, 4, 4])
    expect(params['model.model.1.model.3.model.3.model.3.model.3.model.1.weight'].shape).toEqual([
      16, 16, 4, 4,
    ])
    expect(params['model.model.1.model.5.weight'].shape).toEqual([8, 2, 4, 4])
    expect(params['model.model.3.weight'].shape).toEqual([4, 3, 4, 4])
  })

  it('says which sides fit where they do not', () => {
    expect(write(unetGenerator({ width: 2, downs: 5 }), [1, 3, 96, 32])).toEqual([1, 3, 96, 32])
    expect(() => write(unetGenerator({ width: 2 }), [1, 3, 96, 96])).toThrow(
      /multiples of 256, got \[96,96\]; resize/,
    )
    expect(() => unetGenerator({ downs: 1 })).toThrow(/at least 2/)
  })
})

describe('patchGan', () => {
  it('halves an image with all layers but the last two', () => {
    expect(write(patchGan({ width: 2 }), [2, 3, 96, 96])).toEqual([2, 1, 10, 10])
    expect(write(patchGan({ width: 2, layers: 1 }), [1, 3, 16, 16])).toEqual([1, 1, 6, 6])
  })

  it('keeps two vectors for every spectrally normalised weight', () => {
    const model = patchGan({ width: 2, layers: 1, spectral: true })
    expect(Object.keys(model.params).slice(0, 4)).toEqual(
      ['bias', 'weight_orig', 'weight_u', 'weight_v'].map((part) => `model.0.${part}`),
    )
    const pass = openTrainingPass()
    const params = Object.fromEntries(
      Object.entries(model.params).map(([name, spec]) => [name, input(name, spec.shape)]),
    )
    model.apply(params, input('images', [1, 3, 16, 16]), pass)
    const vectors = Object.keys(model.params).filter((name) => /_[uv]$/.test(name))
    expect([...pass.updates.keys()].sort()).toEqual(vectors.sort())
  })
})

describe.skipIf(!existsSync(golden))('image networks give what the reference gives', () => {
  const names = ['cyclegan_resnet9', 'cyclegan_resnet6', 'cyclegan_patchgan', 'multistain_unet5']
  it.each([...names, 'multistain_patchgan_spectral'])('%s', async (name) => {
    const results = await checkGan(`${golden}/${name}`)
    expect(results.length).toBeGreaterThan(2)
    expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
  })
})
