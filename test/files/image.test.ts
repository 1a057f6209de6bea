import { crc32, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { openRandom, pixels } from '../../src/base/index.ts'
import { decodeImage, encodePng } from '../../src/files/index.ts'
import { encodeJpeg } from './encodeJpeg.ts'

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

  it('refuses 16 bits of which no sample needs more than 14', async () => {
    const wide = Uint16Array.from(noise.data, (value) => value << 4)
    const png = await sharp(wide, { raw: { ...raw, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    await expect(decodeImage(png, 'a.png')).rejects.toThrow('a.png: expected samples that use their 16 bits')
  })

  it('reads inks (CMYK) without the colour profile of a press', async () => {
    const smooth = sharp(
      new Uint8Array(16 * 16 * 3).fill(1).map((_, i) => [200, 90, 160][i % 3]),
      {
        raw: { width: 16, height: 16, channels: 3 },
      },
    ).toColourspace('cmyk')
    const inks = await smooth.clone().raw().toBuffer()
    const jpeg = await smooth.clone().jpeg({ quality: 100 }).toBuffer()
    const { data } = await decodeImage(jpeg, 'cmyk.jpg')
    const [key, ...lights] = [3, 0, 1, 2].map((ink) => 255 - inks[ink])
    lights.forEach((light, channel) => {
      expect(Math.abs(data[channel] - (light * key) / 255)).toBeLessThan(2)
    })
  })

  it('reads WebP and GIF, but no animation', async () => {
    const picture = () => sharp(noise.data, { raw: { ...raw, channels: 3 } })
    expect(await decodeImage(await picture().webp({ lossless: true }).toBuffer(), 'a.webp')).toEqual(noise)
    const few = noise.data.map((value) => (value > 127 ? 255 : 0))
    const gif = await sharp(few, { raw: { ...raw, channels: 3 } })
      .gif()
      .toBuffer()
    expect((await decodeImage(gif, 'a.gif')).data).toEqual(few)
    const frames = sharp(new Uint8Array([...few, ...noise.data]), {
      raw: { width: 7, height: 10, channels: 3, pageHeight: 5 },
    })
    await expect(decodeImage(await frames.webp({ lossless: true }).toBuffer(), 'a.webp')).rejects.toThrow(
      'a.webp: expected one picture, got an animation of 2',
    )
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

  it('leaves TIFF whose packing it does not know to libtiff', async () => {
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

  it("names what stands in a picture's place: a pointer, a web page, an archive, another kind, nothing", async () => {
    const read = (content: string | Uint8Array) => decodeImage(Buffer.from(content), 'x/1.png')
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 27000\n'
    await expect(read(pointer)).rejects.toThrow(
      'x/1.png: expected a PNG, JPEG, TIFF, WebP or GIF picture, got a Git LFS pointer to a file of 27000 bytes; run `git lfs pull`',
    )
    await expect(read('<html><title>Sign in</title>')).rejects.toThrow("got a web page titled 'Sign in'")
    await expect(read('')).rejects.toThrow('got an empty file')
    await expect(read(gzipSync('picture'))).rejects.toThrow('got a gzip archive; unpack it first: `gunzip`')
    await expect(read('PK\x03\x04')).rejects.toThrow('got a zip archive')
    await expect(read('BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0')).rejects.toThrow(
      'got a BMP picture; save it as PNG',
    )
  })

  it('takes no memory for a size that so few bytes cannot hold', async () => {
    const png = Uint8Array.from(await encodePng(noise))
    png.set([0, 0, 0x70, 0, 0, 0, 0x70, 0], 16) // 28672 x 28672
    new DataView(png.buffer).setUint32(29, crc32(png.subarray(12, 29)))
    const start = performance.now()
    await expect(decodeImage(png, 'x/4.png')).rejects.toThrow(/x\/4\.png/)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it('names the file whose bytes end early', async () => {
    const large = pixels(
      Uint8Array.from({ length: 3e4 }, () => random.integer(256)),
      1,
      100,
      100,
    )
    const png = await encodePng(large)
    await expect(decodeImage(png.subarray(0, 15000), 'x/2.png')).rejects.toThrow(
      'x/2.png: expected a PNG, JPEG, TIFF, WebP or GIF picture, got one that ends too early',
    )
    const jpeg = await encodeJpeg(large)
    await expect(decodeImage(jpeg.subarray(0, jpeg.length / 2), 'x/3.jpg')).rejects.toThrow(
      /x\/3\.jpg.*ends too early/,
    )
  })
})

describe('encodePng', () => {
  it('refuses more than one patch', async () => {
    await expect(encodePng(pixels(new Uint8Array(24), 2, 2, 2))).rejects.toThrow(/one patch/)
  })
})
