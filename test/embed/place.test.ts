// A patch's embedding is its own: where it stands in a batch, and how many others stand there, changes no bit of it. Studies
// may read patches in the order in which they lie on disk because of this.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { openExtractor } from '../../src/embed/index.ts'
import { drawTissue, joinPatches } from '../stain/pictures.ts'
import { tinyCard, tinyWeights } from './tinyVit.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-place-'))
const card = join(folder, 'tiny.json')
writeFileSync(card, JSON.stringify(tinyCard))
afterAll(() => rmSync(folder, { recursive: true }))

const count = 21
const patches = joinPatches(Array.from({ length: count }, (_, i) => drawTissue(i, 42)))
const pick = (rows: readonly number[]) => joinPatches(rows.map((row) => pixelsAt(patches, row)))
const scaled = { resize: 28, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
const extractors = {
  texture: { name: 'texture' },
  'a ViT': { name: `vit:${card}`, weights: tinyWeights },
  'a ViT in 8 bits': { name: `vit:${card}`, weights: tinyWeights, precision: 'int8' },
  'an ONNX model': { name: 'onnx:fixtures/onnx/vit_timm_11.onnx', ...scaled },
  'an ONNX model of a fixed batch': {
    name: 'onnx:fixtures/onnx/vit_fixed_14.onnx',
    mean: scaled.mean,
    std: scaled.std,
  },
}

describe.each(Object.entries(extractors))('an embedding by %s', (_, entry) => {
  it('is the same to the bit wherever its patch stands, and beside however many', async () => {
    const extractor = await openExtractor(entry, { device: 'cpu', threads: 1 })
    const { dimensions } = extractor
    const rowsOf = (data: Float32Array) =>
      Array.from({ length: data.length / dimensions }, (_, i) =>
        data.slice(i * dimensions, (i + 1) * dimensions),
      )
    const all = rowsOf(await extractor.embed(patches))
    const backwards = Array.from({ length: count }, (_, i) => count - 1 - i)
    expect(rowsOf(await extractor.embed(pick(backwards)))).toEqual(backwards.map((row) => all[row]))
    for (const few of [1, 2, 7]) {
      const rows = Array.from({ length: few }, (_, i) => i + 3)
      expect(rowsOf(await extractor.embed(pick(rows)))).toEqual(rows.map((row) => all[row]))
    }
    await extractor.close()
  }, 60_000)
})
