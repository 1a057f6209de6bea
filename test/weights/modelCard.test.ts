import { describe, expect, it } from 'vitest'
import { catalog, type ModelCard, parseModelCard } from '../../src/weights/index.ts'

const least = { title: 'Mine', architecture: { width: 384, depth: 12, heads: 6, patchSize: 16 } }
const parse = (json: unknown) => parseModelCard(JSON.stringify(json), 'mine.json')

describe('parseModelCard', () => {
  it('completes a short description', () => {
    expect(parse(least)).toEqual({
      title: 'Mine',
      architecture: {
        family: 'vit',
        width: 384,
        depth: 12,
        heads: 6,
        patchSize: 16,
        imageSize: 224,
        mlp: { kind: 'gelu', hidden: 1536 },
        registers: 0,
        layerScale: true,
        positions: 'class and patches',
        maskToken: false,
        layerNormEps: 1e-6,
        resampling: 'timm',
      },
      repo: '',
      files: [
        'model.safetensors',
        'model.safetensors.index.json',
        'pytorch_model.bin',
        'pytorch_model.bin.index.json',
      ],
      naming: 'timm',
      embedding: { size: 384, of: 'class token' },
      preprocessing: {
        resize: { side: 224, edge: 'shorter' },
        filter: 'bicubic',
        crop: 224,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
      },
      licence: 'not stated',
      gated: false,
      pretraining: [],
      confirmed: false,
      doubts: 'described by its user',
    } satisfies ModelCard)
  })

  it('takes everything that is said', () => {
    const card = parse({
      ...least,
      repo: 'me/mine',
      files: ['a.bin'],
      naming: 'dinov2',
      embedding: { of: 'class token and patch mean' },
      preprocessing: {
        resize: { side: 96, edge: 'both' },
        filter: 'bilinear',
        crop: 0,
        mean: [0, 0, 0],
        std: [1, 1, 1],
      },
      pretraining: ['TCGA'],
    })
    expect(card.embedding).toEqual({ size: 768, of: 'class token and patch mean' })
    expect(card.preprocessing).toMatchObject({ resize: { side: 96, edge: 'both' }, crop: null })
    expect(card.pretraining).toEqual([{ name: 'TCGA', about: '' }])
  })

  it('describes a DaViT: what is left out is as in MedImageInsight', () => {
    const architecture = { family: 'davit', widths: [256, 512, 1024, 2048], depths: [1, 1, 9, 1] }
    const card = parse({
      title: 'Mine',
      architecture: { ...architecture, heads: [8, 16, 32, 64], projection: 1024 },
    })
    expect(card.architecture).toEqual(catalog.medimageinsight.architecture)
    expect(card.preprocessing).toEqual(catalog.medimageinsight.preprocessing)
    expect(card).toMatchObject({ naming: 'davit', embedding: { size: 1024, of: 'image' } })
  })

  it.each([
    [
      { ...least, architecture: { family: 'davit', widths: [24, 48], depths: [1], heads: [1, 2] } },
      /depths: expected a list of 2 of whole numbers from 1, got \[1\]/,
    ],
    [
      { ...least, architecture: { family: 'davit', widths: [24], depths: [1], heads: [5] } },
      /heads: expected divisors of the widths 24, got \[5\]/,
    ],
    [{ ...least, titel: 1 }, /mine\.json: titel: expected one of .*title, /],
    [{ architecture: least.architecture }, /mine\.json: title: expected a text, got nothing/],
    [
      { ...least, architecture: { ...least.architecture, depth: 0 } },
      /architecture: depth: expected a whole number from 1, got 0/,
    ],
    [
      { ...least, architecture: { ...least.architecture, heads: 5 } },
      /heads: expected a divisor of 384, got 5/,
    ],
    [
      { ...least, architecture: { ...least.architecture, mlp: { kind: 'relu' } } },
      /mlp: kind: expected one of gelu, swiglu/,
    ],
    [
      { ...least, preprocessing: { mean: [1, 2] } },
      /preprocessing: mean: expected three numbers, got \[1,2\]/,
    ],
    [[], /mine\.json: expected a JSON object/],
  ])('refuses %j', (json, message) => {
    expect(() => parse(json)).toThrow(message)
  })

  it('refuses what is not JSON', () => {
    expect(() => parseModelCard('title: Mine', 'mine.json')).toThrow(/mine\.json: expected JSON/)
  })
})

describe('the catalog', () => {
  it.each(Object.entries<ModelCard>(catalog))('is consistent for %s', (_, card) => {
    const { architecture: net, embedding, preprocessing } = card
    if (net.family === 'vit') {
      expect(net.width % net.heads).toBe(0)
      expect(embedding.size).toBe(embedding.of === 'class token' ? net.width : 2 * net.width)
      expect((preprocessing.crop ?? preprocessing.resize.side) % net.patchSize).toBe(0)
    } else expect(embedding.size).toBe(net.projection)
    expect(card.confirmed).toBe(card.doubts === undefined)
    expect(card.pretraining.length).toBeGreaterThan(0)
    expect(preprocessing.crop ?? 0).toBeLessThanOrEqual(preprocessing.resize.side)
  })
})
