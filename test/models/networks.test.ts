// Every network against the reference implementations, and their parameters against the published names.

import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkDavit } from '../../conformance/davit.ts'
import type { ConformanceResult } from '../../conformance/result.ts'
import { checkVit } from '../../conformance/vit.ts'
import { input } from '../../src/graph/index.ts'
import { davit, davitShapes, type VitArchitecture, vit, vitShapes } from '../../src/models/index.ts'
import { inferencePass, type ParamSpecs, type ParamValues } from '../../src/nn/index.ts'
import { catalog, type ModelCard, type ModelName } from '../../src/weights/index.ts'

const golden = '../shared/golden'
const outside = existsSync(golden) ? readdirSync(golden) : []
const missed = (results: readonly ConformanceResult[]) =>
  results.filter(({ error, tolerance }) => !(error <= tolerance))

const tiny: VitArchitecture = {
  family: 'vit',
  width: 8,
  depth: 2,
  heads: 2,
  patchSize: 4,
  imageSize: 16,
  mlp: { kind: 'gelu', hidden: 16 },
  registers: 2,
  layerScale: true,
  positions: 'class and patches',
  maskToken: true,
  layerNormEps: 1e-6,
  resampling: 'hub with registers',
}

function writeOn(architecture: VitArchitecture, sides: readonly [number, number]) {
  const model = vit(architecture)
  return model.write(inputsOf(model.params), input('x', [3, 3, ...sides]))
}

function inputsOf(params: ParamSpecs): ParamValues {
  return Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, input(name, shape)]))
}

describe('vit', () => {
  it.each([
    'dinov2_chunked',
    'dinov2_posembed',
    'dinov2_posembed_large',
    'timm_hoptimus_like',
  ])('is the reference: %s', async (name) => {
    const results = await checkVit(`fixtures/${name}`)
    expect(results.length).toBeGreaterThan(4)
    expect(missed(results)).toEqual([])
  })

  const names = outside.filter((name) => /^(dinov2|timm)_/.test(name))
  it.skipIf(names.length === 0)(
    'is the reference in every golden fixture (needs ../shared/golden)',
    async () => {
      expect(names.length).toBeGreaterThan(8)
      for (const name of names)
        expect([name, missed(await checkVit(`${golden}/${name}`))]).toEqual([name, []])
    },
  )

  const cards = (Object.keys(catalog) as ModelName[]).filter((name) => {
    const { architecture }: ModelCard = catalog[name]
    return architecture.family === 'vit'
  })
  it.each(cards)('has exactly the parameters of the checkpoint: %s', (name) => {
    const architecture = (catalog[name] as ModelCard).architecture as VitArchitecture
    const shapes = Object.entries(vit(architecture).params).map(([key, { shape }]) => [key, shape])
    expect(shapes.toSorted()).toEqual(Object.entries(vitShapes(architecture)).toSorted())
  })

  it('gives prefix tokens and one token a patch, at any size that patches divide', () => {
    expect(writeOn(tiny, [16, 16]).tokens.shape).toEqual([3, 1 + 2 + 16, 8])
    expect(writeOn(tiny, [8, 20]).tokens.shape).toEqual([3, 1 + 2 + 10, 8])
    expect(writeOn({ ...tiny, registers: 0 }, [8, 20]).tokens.shape).toEqual([3, 1 + 10, 8])
  })

  it('computes in parts what it computes as a whole', () => {
    const model = vit(tiny)
    const params = inputsOf(model.params)
    const x = input('x', [1, 3, 16, 16])
    const { blocks } = model.write(params, x)
    expect(model.writeTail(params, blocks[0], 1)).toEqual(model.writeClassToken(params, x))
  })

  it('refuses images that patches do not divide', () => {
    expect(() => writeOn(tiny, [16, 18])).toThrow(/multiples of 4, got \[3,3,16,18\]; resize or crop/)
  })

  it('refuses another size where positions must not be resampled', () => {
    expect(() => writeOn({ ...tiny, resampling: 'none' }, [16, 20])).toThrow(
      /expected 4 x 4 patches, got 4 x 5/,
    )
  })
})

describe('davit', () => {
  const names = outside.filter((name) => name.startsWith('davit_'))
  it.skipIf(names.length === 0)(
    'is the reference in every golden fixture (needs ../shared/golden)',
    async () => {
      expect(names.length).toBeGreaterThan(1)
      for (const name of names)
        expect([name, missed(await checkDavit(`${golden}/${name}`))]).toEqual([name, []])
    },
  )

  it("has exactly the parameters of MedImageInsight's image tower", () => {
    const { architecture } = catalog.medimageinsight
    const shapes = Object.entries(davit(architecture).params).map(([key, { shape }]) => [key, shape])
    expect(Object.fromEntries(shapes)).toEqual(davitShapes(architecture))
  })

  it('gives one embedding an image, whatever the windows leave over', () => {
    const architecture = { ...catalog.medimageinsight.architecture, depths: [1, 1, 1, 1], projection: 5 }
    const model = davit(architecture)
    expect(model.apply(inputsOf(model.params), input('x', [2, 3, 96, 72]), inferencePass).shape).toEqual([
      2, 5,
    ])
  })
})
