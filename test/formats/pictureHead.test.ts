import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { listJpegSegments, readPictureHead } from '../../src/formats/index.ts'

const make = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: 37, height: 21, channels, background: { r: 200, g: 90, b: 150, alpha: 1 } } })

describe('the header of a picture', () => {
  it('states the sides of a PNG, with and without alpha, of 8 and 16 bits', async () => {
    const rgb = await make().png().toBuffer()
    expect(readPictureHead(rgb)).toEqual({ kind: 'png', width: 37, height: 21, bits: 8, channels: 3 })
    const rgba = await make(4).png().toBuffer()
    expect(readPictureHead(rgba)).toMatchObject({ channels: 4 })
    const wide = await make().toColourspace('rgb16').png().toBuffer()
    expect(readPictureHead(wide)).toMatchObject({ bits: 16, width: 37 })
  })

  it('states the sides of a JPEG, baseline and progressive, behind other segments', async () => {
    const expected = { kind: 'jpeg', width: 37, height: 21, bits: 8, channels: 3 }
    expect(readPictureHead(await make().jpeg().toBuffer())).toEqual(expected)
    const progressive = await make()
      .withExif({ IFD0: { Copyright: 'x'.repeat(3000) } })
      .jpeg({ progressive: true })
      .toBuffer()
    expect(readPictureHead(progressive)).toEqual(expected)
    expect(readPictureHead(await make().toColourspace('cmyk').jpeg().toBuffer())).toMatchObject({
      channels: 4,
    })
  })

  it('is null where the bytes hold none', async () => {
    const [png, jpeg] = [await make().png().toBuffer(), await make().jpeg().toBuffer()]
    for (const bytes of [
      png.subarray(0, 20),
      jpeg.subarray(0, 30),
      new Uint8Array(0),
      Buffer.from('PK\x03\x04 and more than enough bytes'),
    ])
      expect(readPictureHead(bytes)).toBeNull()
    for (let at = 0; at < jpeg.length; at++) readPictureHead(jpeg.subarray(0, at)) // never throws
  })

  it('of a JPEG is among its segments', async () => {
    const jpeg = await make()
      .withExif({ IFD0: { Orientation: '6' } })
      .jpeg()
      .toBuffer()
    const segments = listJpegSegments(jpeg)
    const exif = segments.find(({ marker }) => marker === 0xe1)!
    expect(jpeg.subarray(exif.start, exif.start + 4).toString()).toBe('Exif')
    expect(segments.at(-1)!.marker).toBe(0xda)
  })
})
