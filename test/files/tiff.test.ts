// Every kind of TIFF gives the pixels of the same picture as PNG, or is refused where they cannot be known.

import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { openRandom, type Pixels, pixels } from '../../src/base/index.ts'
import { decodeImage, encodePng } from '../../src/files/index.ts'
import { type TiffLayout, writeTiff } from './tiffFile.ts'

const [width, height] = [37, 29] // no multiples of any tile
const random = openRandom(0, 'tiff test')
const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
  i % 7 === 0 ? 151 : random.integer(256),
)
const gray = rgb.subarray(0, width * height)
const tile = [16, 16] as const

async function readAsPng(data: Uint8Array): Promise<Pixels> {
  return decodeImage(await encodePng(pixels(data, 1, height, width)), 'same.png')
}

const inSixteen = Uint16Array.from(rgb, (value) => value * 257)
const inTwelve = Uint16Array.from(rgb, (value) => (value << 4) | (value >> 4))
const upToOne = Float32Array.from(rgb, (value) => value / 255)

type Case = readonly [name: string, layout: Omit<TiffLayout, 'width' | 'height'>, samples?: ArrayLike<number>]
const cases: readonly Case[] = [
  ['strips', {}],
  ['big-endian strips', { isBigEndian: true }],
  ['BigTIFF', { isBigTiff: true, packing: 'deflate' }],
  ['tiles', { tile }],
  ['tiles with predictor, deflated', { tile, predictor: 2, packing: 'deflate' }],
  ['strips with predictor, PackBits', { predictor: 2, packing: 'packbits' }],
  ['planes of tiles', { tile, isPlanar: true, predictor: 2, packing: 'deflate' }],
  ['planes of strips', { isPlanar: true }],
  ['16 bits', { kind: 'u16' }, inSixteen],
  [
    '16 bits in tiles with predictor, big-endian',
    { kind: 'u16', tile, predictor: 2, isBigEndian: true },
    inSixteen,
  ],
  ['12 bits in 16 that say so', { kind: 'u16', tags: { 281: 4095 } }, inTwelve],
  ['floats from 0 to 1', { kind: 'f32' }, upToOne],
  [
    'floats from 0 to 1 in tiles with predictor',
    { kind: 'f32', tile, predictor: 3, packing: 'deflate' },
    upToOne,
  ],
  [
    'doubles from 0 to 1 with predictor, big-endian',
    { kind: 'f64', predictor: 3, isBigEndian: true },
    Float64Array.from(rgb, (value) => value / 255),
  ],
  ['floats from 0 to 255', { kind: 'f32' }, Float32Array.from(rgb)],
  [
    'alpha beside the colours',
    { samples: 4, photometric: 2, tags: { 338: 1 } },
    Uint8Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? 9 : rgb[(i >> 2) * 3 + (i % 4)],
    ),
  ],
]

describe('a TIFF picture', () => {
  it.each(
    cases.map(([name, layout, samples = rgb]) => ({ name, layout, samples })),
  )('of $name has the pixels of the same picture as PNG', async ({ layout, samples }) => {
    const image = await decodeImage(writeTiff({ width, height, ...layout }, samples), 'a.tif')
    expect(image).toEqual(await readAsPng(rgb))
  })

  it.each([
    'lzw',
    'deflate',
  ] as const)('of tiles packed by libtiff (%s) has the pixels of the same PNG', async (compression) => {
    const side = 300 // long enough for LZW codes of 12 bits and a table begun anew
    const data = Uint8Array.from({ length: side * side * 3 }, () => random.integer(40))
    const raw = { width: side, height: side, channels: 3 } as const
    for (const predictor of ['none', 'horizontal'] as const) {
      const packed = await sharp(data, { raw })
        .tiff({ compression, predictor, tile: true, tileWidth: 128, tileHeight: 112 })
        .toBuffer()
      expect((await decodeImage(packed, 'a.tif')).data).toEqual(data)
    }
  })

  it('of gray samples has the pixels of the same gray picture as PNG, white being zero or not', async () => {
    const png = await sharp(gray, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const expected = await decodeImage(png, 'gray.png')
    const read = (photometric: number, samples: Uint8Array) =>
      decodeImage(writeTiff({ width, height, samples: 1, photometric, tile }, samples), 'a.tif')
    expect(await read(1, gray)).toEqual(expected)
    expect(
      await read(
        0,
        gray.map((value) => 255 - value),
      ),
    ).toEqual(expected)
  })

  it('with a thumbnail is that of its first page', async () => {
    const first = writeTiff({ width, height, tags: { 254: 0 } }, rgb, rgb)
    await expect(decodeImage(first, 'a.tif')).rejects.toThrow('expected one picture, got 2 pages of 29x37')
    expect(await decodeImage(writeTiff({ width, height, tags: { 254: 1 } }, rgb, rgb), 'a.tif')).toEqual(
      await readAsPng(rgb),
    )
  })

  it('of three gray pages, or of three gray samples, is refused: which is red is not said', async () => {
    const pages = writeTiff({ width, height, samples: 1 }, gray, gray, gray)
    await expect(decodeImage(pages, 'he.tif')).rejects.toThrow(
      'he.tif: expected one picture, got 3 pages of 29x37 with 1 samples a pixel; which page is which channel is not said: save it as one page of RGB',
    )
    const samples = writeTiff({ width, height, photometric: 1 }, rgb)
    await expect(decodeImage(samples, 'he.tif')).rejects.toThrow(
      'expected one gray sample a pixel, or RGB, got 3',
    )
  })

  it('of 12 bits in 16 that does not say so is refused', async () => {
    await expect(decodeImage(writeTiff({ width, height, kind: 'u16' }, inTwelve), 'a.tif')).rejects.toThrow(
      'expected samples that use their 16 bits, got none above 4095, as where 12 bits lie in 16',
    )
    const black = new Uint16Array(rgb.length)
    const { data } = await decodeImage(writeTiff({ width, height, kind: 'u16' }, black), 'a.tif')
    expect(data.every((value) => value === 0)).toBe(true)
  })

  it('of floats that may mean anything is refused', async () => {
    const read = (values: ArrayLike<number>) =>
      decodeImage(writeTiff({ width, height, kind: 'f32' }, values), 'a.tif')
    await expect(read(upToOne.map((value) => value - 0.5))).rejects.toThrow(
      'expected floats from 0 to 1 or from 0 to 255, got -',
    )
    await expect(read(upToOne.map((value, i) => (i === 5 ? Number.NaN : value)))).rejects.toThrow('got NaN')
    await expect(read(upToOne.map((value) => Math.round(value)))).rejects.toThrow('got only 0 and 1')
    await expect(read(upToOne.map((value) => value * 4095))).rejects.toThrow('0 to 255, got')
  })

  it('of inks becomes light without a profile', async () => {
    const inks = Uint8Array.from({ length: width * height * 4 }, (_, i) => [10, 200, 30, 51][i % 4])
    const { data } = await decodeImage(
      writeTiff({ width, height, samples: 4, photometric: 5 }, inks),
      'a.tif',
    )
    expect([...data.subarray(0, 3)]).toEqual([196, 44, 180])
  })

  it('that ends early, or asks for more than it holds, is named', async () => {
    const whole = writeTiff({ width, height }, rgb)
    for (const length of [6, 60, 400, whole.length - 300]) {
      await expect(decodeImage(whole.subarray(0, length), 'a.tif')).rejects.toThrow(/a\.tif: .*whole TIFF/)
    }
    const tall = writeTiff({ width, height, packing: 'deflate' }, rgb)
    const heightAt = Buffer.from(tall).indexOf(Buffer.from([1, 1, 3, 0, 1, 0, 0, 0]))
    tall.set([0xff, 0xff], heightAt + 8)
    await expect(decodeImage(tall, 'a.tif')).rejects.toThrow('strips or tiles are missing')
    const vast = writeTiff({ width, height, tile: [16, 16], packing: 'packbits' }, rgb)
    const tileAt = Buffer.from(vast).indexOf(Buffer.from([0x42, 1, 3, 0, 1, 0, 0, 0]))
    for (const entry of [tileAt, tileAt + 12]) vast.set([0xff, 0xff], entry + 8)
    await expect(decodeImage(vast, 'a.tif')).rejects.toThrow('a strip or tile that ends early')
  })
})
