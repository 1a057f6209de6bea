// The mean over the eight views of a patch: a turned patch has its embedding, to the bit, by any extractor.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Pixels, pixels, RecipeError, ShapeError } from '../../src/base/index.ts'
import { type ExtractorSpec, openExtractor, textureNames, textureVersion } from '../../src/embed/index.ts'
import { hashBytes } from '../../src/files/index.ts'
import { flipPatches, symmetryCount } from '../../src/patches/index.ts'
import { drawTissue, joinPatches } from '../stain/pictures.ts'
import { tinyCard, tinyWeights } from './tinyVit.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-views-'))
const card = join(folder, 'tiny.json')
writeFileSync(card, JSON.stringify(tinyCard))
afterAll(() => rmSync(folder, { recursive: true }))

const patches = joinPatches(Array.from({ length: 5 }, (_, i) => drawTissue(i, 42)))
const vit = { name: `vit:${card}`, weights: tinyWeights }
const mean = [0.5, 0.5, 0.5]
const extractors = {
  texture: { name: 'texture' },
  'a ViT': vit,
  'a ViT that sees other sides': { ...vit, resize: 56 },
  'a ViT in 8 bits': { ...vit, precision: 'int8' },
  'an ONNX model': { name: 'onnx:fixtures/onnx/vit_timm_11.onnx', resize: 28, mean, std: mean },
  'an ONNX model of a fixed batch': { name: 'onnx:fixtures/onnx/vit_fixed_14.onnx', mean, std: mean },
} satisfies Record<string, ExtractorSpec>

async function open(spec: ExtractorSpec) {
  return openExtractor(spec, { device: 'cpu', threads: 1 })
}

async function embed(spec: ExtractorSpec, batch: Pixels): Promise<Float32Array> {
  const extractor = await open(spec)
  try {
    return await extractor.embed(batch)
  } finally {
    await extractor.close()
  }
}

const symmetries = Array.from({ length: symmetryCount }, (_, symmetry) => symmetry)

describe.each(Object.entries(extractors))('eight views of a patch by %s', (_, spec) => {
  it('are averaged', async () => {
    const single = await open(spec)
    const rows = await Promise.all(symmetries.map((symmetry) => single.embed(flipPatches(patches, symmetry))))
    await single.close()
    const mean = rows[0].map((_, i) => rows.reduce((sum, view) => sum + view[i], 0) / symmetryCount)
    expect(await embed({ ...spec, views: 8 }, patches)).toEqual(mean)
    expect(mean).not.toEqual(rows[0])
  }, 60_000)

  it('give a turned or mirrored patch the same embedding, to the bit', async () => {
    const extractor = await open({ ...spec, views: 8 })
    const expected = await extractor.embed(patches)
    for (const symmetry of symmetries)
      expect(await extractor.embed(flipPatches(patches, symmetry))).toEqual(expected)
    await extractor.close()
    expect(await embed(spec, flipPatches(patches, 6))).not.toEqual(await embed(spec, patches))
  }, 60_000)

  it('have a key of their own, and one view has none', async () => {
    const [without, one, eight] = await Promise.all(
      [spec, { ...spec, views: 1 }, { ...spec, views: 8 }].map(open),
    )
    expect(one.key).toBe(without.key)
    expect(eight.key).not.toBe(without.key)
    expect([without.views, one.views, eight.views]).toEqual([undefined, undefined, 8])
    for (const extractor of [without, one, eight]) await extractor.close()
  })
})

describe('an extractor with views', () => {
  it('keeps what is known of the extractor, and how it measures its rounding', async () => {
    const texture = await open({ name: 'texture', views: 8 })
    expect(texture).toMatchObject({ name: 'texture', featureNames: textureNames, provenance: null })
    await texture.close()
    const rounded = await open({ ...vit, precision: 'int8', views: 8 })
    expect(rounded.provenance?.title).toBe('tiny')
    expect(await rounded.measureAgreement?.(patches)).toMatchObject({ patches: 5 })
    await rounded.close()
  })

  it('leaves the keys of caches as they were where there is one view', async () => {
    const texture = await open('texture')
    expect(texture.key).toBe(hashBytes(`texture ${textureVersion}`))
    await texture.close()
  })

  it('refuses patches that are not square, tokens, and other numbers of views', async () => {
    const oblong = pixels(new Uint8Array(32 * 48 * 3), 1, 32, 48)
    await expect(embed({ name: 'texture', views: 8 }, oblong)).rejects.toThrow(ShapeError)
    await expect(embed({ name: 'texture', views: 8 }, oblong)).rejects.toThrow(
      'extractor texture views: expected square patches for 8 views, got 32x48; leave views out',
    )
    expect(await embed('texture', oblong)).toHaveLength(textureNames.length)
    await expect(open({ ...vit, trunk: 1, views: 8 })).rejects.toThrow(RecipeError)
    await expect(open({ ...vit, trunk: 1, views: 8 })).rejects.toThrow('expected 1 beside trunk')
    await expect(open({ name: 'texture', views: 4 })).rejects.toThrow(
      'extractor texture.views: expected 1, or 8 for the mean over flips and quarter turns, got 4',
    )
  })
})
