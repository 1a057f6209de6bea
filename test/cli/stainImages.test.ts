// Odd images through `eosin stain apply`: a verdict each, or one clear line.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pixels } from '../../src/base/index.ts'
import { decodeImage, encodePng } from '../../src/files/index.ts'
import { macenkoDefaults, publishedProfile, stainMethods } from '../../src/stain/index.ts'
import { drawTissue, fillPatch } from '../stain/pictures.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-images-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const fit = join(folder, 'fit.json')
beforeAll(() => {
  const { name, version } = stainMethods.macenko
  const content = {
    method: name,
    version,
    options: macenkoDefaults,
    fit: { ...publishedProfile, patches: 0 },
  }
  writeFileSync(fit, JSON.stringify(content))
})

interface Applied {
  readonly count: number
  readonly verdicts: Readonly<Record<string, number>>
}

async function apply(name: string, images: readonly Uint8Array[]) {
  const [source, out] = [join(folder, name), join(folder, `${name}-out`)]
  mkdirSync(source, { recursive: true })
  for (const [i, image] of images.entries()) writeFileSync(join(source, `${i}.png`), image)
  const result = await runCli(['stain', 'apply', source, '--fit', fit, '--out', out, '--json'])
  const applied = result.code === 0 ? (JSON.parse(result.stdout) as Applied) : null
  const written = existsSync(out)
    ? readdirSync(out)
        .filter((file) => file.endsWith('.png'))
        .map((file) => readFileSync(join(out, file)))
    : []
  return { ...result, applied, written }
}

const asSharp = ({ data, height, width }: Pixels) => sharp(data, { raw: { width, height, channels: 3 } })
const tissue = drawTissue(1, 64)

describe('eosin stain apply', () => {
  it('passes an image of one pixel through, whatever its colour', async () => {
    const onePixel = (level: number) => encodePng(fillPatch(0, 1, () => level))
    const { applied, written } = await apply('one-pixel', [await onePixel(120), await onePixel(255)])
    expect(applied?.verdicts).toEqual({ passthrough: 2 })
    expect((await decodeImage(written[0], 'out')).data).toEqual(Uint8Array.of(120, 120, 120))
  }, 60_000)

  it('normalises a picture of twelve megapixels', async () => {
    const whole = await asSharp(drawTissue(2, 500))
      .resize(4000, 3000, { kernel: 'nearest' })
      .png({ compressionLevel: 1 })
    const { applied, written } = await apply('large', [await whole.toBuffer()])
    expect(applied?.verdicts).toEqual({ ok: 1 })
    const { height, width } = await decodeImage(written[0], 'out')
    expect([height, width]).toEqual([3000, 4000])
  }, 120_000)

  it('takes alpha and sixteen bits as the same picture without them', async () => {
    const withAlpha = await asSharp(tissue).ensureAlpha(0.5).png().toBuffer()
    const wide = Uint16Array.from(tissue.data, (level) => level * 257)
    const sixteen = await sharp(wide, { raw: { width: 64, height: 64, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    expect((await sharp(sixteen).metadata()).depth).toBe('ushort')
    const { applied, written } = await apply('deep', [await encodePng(tissue), withAlpha, sixteen])
    expect(applied?.verdicts).toEqual({ ok: 3 })
    const [plain, ...others] = await Promise.all(written.map((image) => decodeImage(image, 'out')))
    for (const other of others) expect(other.data).toEqual(plain.data)
  }, 60_000)

  it('leaves a gray picture gray, with the reason in its verdict', async () => {
    const gray = await asSharp(tissue).toColourspace('b-w').png().toBuffer()
    expect((await sharp(gray).metadata()).channels).toBe(1)
    const { applied, written } = await apply('gray', [gray])
    expect(applied?.verdicts).toEqual({ rejected: 1 })
    expect((await decodeImage(written[0], 'out')).data).toEqual((await decodeImage(gray, 'in')).data)
  }, 60_000)

  it('says which image has another size, and writes nothing', async () => {
    const { code, stderr, written } = await apply('sizes', [
      await encodePng(tissue),
      await encodePng(drawTissue(1, 32)),
    ])
    expect(code).toBe(1)
    expect(stderr).toContain('1.png: expected 64x64 pixels, got 32x32')
    expect(written).toEqual([])
  }, 60_000)

  it('names a file that is no image, and writes nothing', async () => {
    const { code, stderr, written } = await apply('broken', [Uint8Array.of(1, 2, 3)])
    expect(code).toBe(1)
    expect(stderr).toContain('0.png: expected a PNG, JPEG, TIFF, WebP or GIF picture')
    expect(written).toEqual([])
  }, 60_000)
})
