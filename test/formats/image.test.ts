import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { openRandom, pixels } from '../../src/base/index.ts'
import { decodeImage, encodeJpeg, encodePng } from '../../src/formats/index.ts'

const random = openRandom(0, 'image test')
const noise = pixels(
  Uint8Array.from({ length: 5 * 7 * 3 }, () => random.integer(256)),
  1,
  5,
  7,
)
const raw = { width: 7, height: 5 }

function withAlpha(alpha: number): Uint8Array {
  return Uint8Array.from({ length: 35 * 4 }, (_, i) =>
    i % 4 === 3 ? alpha : noise.data[(i >> 2) * 3 + (i % 4)],
  )
}

describe('decodeImage', () => {
  it('gives back what encodePng was given, and encodePng the same bytes again', async () => {
    const bytes = await encodePng(noise)
    expect(await decodeImage(bytes, 'a.png')).toEqual(noise)
    expect(Buffer.compare(Buffer.from(bytes), Buffer.from(await encodePng(noise)))).toBe(0)
  })

  it('drops alpha without blending, even where it is transparent', async () => {
    for (const alpha of [255, 0, 100]) {
      const png = await sharp(withAlpha(alpha), { raw: { ...raw, channels: 4 } })
        .png()
        .toBuffer()
      expect((await decodeImage(png, 'a.png')).data).toEqual(noise.data)
    }
  })

  it('repeats gray over the channels', async () => {
    const gray = Uint8Array.from({ length: 35 }, (_, i) => i * 7)
    const image = () => sharp(gray, { raw: { ...raw, channels: 1 } }).toColourspace('b-w')
    const files = [await image().png().toBuffer(), await image().tiff({ compression: 'none' }).toBuffer()]
    for (const file of files) {
      const { data } = await decodeImage(file, 'gray')
      expect(data).toEqual(Uint8Array.from({ length: 105 }, (_, i) => gray[Math.floor(i / 3)]))
    }
  })

  it('scales 16 bits to 8', async () => {
    const wide = Uint16Array.from(noise.data, (value) => value * 257)
    const png = await sharp(wide, { raw: { ...raw, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    expect((await decodeImage(png, 'a.png')).data).toEqual(noise.data)
  })

  it('reads TIFF uncompressed, by LZW and by deflate, and with alpha', async () => {
    for (const compression of ['none', 'lzw', 'deflate'] as const) {
      const tif = await sharp(noise.data, { raw: { ...raw, channels: 3 } })
        .tiff({ compression })
        .toBuffer()
      expect(await decodeImage(tif, 'a.tif')).toEqual(noise)
    }
    const tif = await sharp(withAlpha(9), { raw: { ...raw, channels: 4 } })
      .tiff({ compression: 'none' })
      .toBuffer()
    expect((await decodeImage(tif, 'a.tif')).data).toEqual(noise.data)
  })

  it('leaves TIFF that its first decoder does not know to sharp', async () => {
    const smooth = new Uint8Array(105).fill(120)
    const tif = await sharp(smooth, { raw: { ...raw, channels: 3 } })
      .tiff({ compression: 'jpeg' })
      .toBuffer()
    const { data } = await decodeImage(tif, 'a.tif')
    expect(Math.max(...data.map((value) => Math.abs(value - 120)))).toBeLessThan(4)
  })

  it('reads JPEG close to what it was', async () => {
    const smooth = pixels(
      Uint8Array.from({ length: 105 }, (_, i) => 100 + i),
      1,
      5,
      7,
    )
    const { data } = await decodeImage(await encodeJpeg(smooth, 95), 'a.jpg')
    expect(Math.max(...data.map((value, i) => Math.abs(value - smooth.data[i])))).toBeLessThan(12)
  })

  it('names the file whose bytes are no image, or end early', async () => {
    await expect(decodeImage(Buffer.from('no image'), 'x/1.png')).rejects.toThrow(/x\/1\.png: expected a PNG/)
    const png = await encodePng(
      pixels(
        Uint8Array.from({ length: 3e4 }, () => random.integer(256)),
        1,
        100,
        100,
      ),
    )
    await expect(decodeImage(png.subarray(0, 15000), 'x/2.png')).rejects.toThrow(/x\/2\.png/)
    const jpeg = await encodeJpeg(pixels(new Uint8Array(3e4).fill(80), 1, 100, 100))
    await expect(decodeImage(jpeg.subarray(0, jpeg.length / 2), 'x/3.jpg')).rejects.toThrow(/x\/3\.jpg/)
  })
})

describe('encodePng', () => {
  it('refuses more than one patch', async () => {
    await expect(encodePng(pixels(new Uint8Array(24), 2, 2, 2))).rejects.toThrow(/one patch/)
  })
})
