// PNG, JPEG and TIFF files <-> RGB pixels. Alpha is dropped (WILDS saves RGBA that is opaque throughout),
// gray is repeated over the channels, 16 bits become 8; no colour profile and no orientation is applied, so
// that the bytes are those a deep-learning loader would see.

import sharp, { type Sharp } from 'sharp'
import { decode as decodeTiff } from 'tiff'
import { DataError, describeCause, type Pixels, pixels } from '../base/index.ts'

// Patches are small and many: parallelism comes from decoding several at once, not from threads inside one.
sharp.concurrency(1)
sharp.cache(false)

/** Decodes one image. Throws DataError naming `where` (the file) where the bytes are no complete image. */
export async function decodeImage(bytes: Uint8Array, where: string): Promise<Pixels> {
  if (isTiff(bytes)) {
    const plain = decodePlainTiff(bytes)
    if (plain) return plain
  }
  return decodeWithSharp(bytes, where)
}

/** Encodes one patch as PNG; the same pixels give the same bytes. Throws DataError unless `count` is 1. */
export async function encodePng(image: Pixels): Promise<Uint8Array> {
  // filtered rows of tissue are a quarter smaller, for half a millisecond a patch
  return openRaw(image).png({ compressionLevel: 6, adaptiveFiltering: true, palette: false }).toBuffer()
}

/** Encodes one patch as baseline JPEG, `quality` 1 to 100, without chroma subsampling from 90 on. */
export async function encodeJpeg(image: Pixels, quality = 90): Promise<Uint8Array> {
  return openRaw(image)
    .jpeg({ quality, chromaSubsampling: quality >= 90 ? '4:4:4' : '4:2:0', mozjpeg: false })
    .toBuffer()
}

function openRaw({ data, count, width, height }: Pixels): Sharp {
  if (count !== 1) throw new DataError({ where: 'encode image', expected: 'one patch', got: `${count}` })
  return sharp(data, { raw: { width, height, channels: 3 } })
}

function isTiff(bytes: Uint8Array): boolean {
  const magic = String.fromCharCode(...bytes.subarray(0, 4))
  return magic === 'II*\0' || magic === 'MM\0*'
}

// The pure-JavaScript decoder is fifteen times faster than sharp on 96-pixel patches, but knows fewer kinds
// of TIFF: whatever it refuses, or is not 8- or 16-bit gray or RGB, is left to sharp.
function decodePlainTiff(bytes: Uint8Array): Pixels | undefined {
  try {
    const [page] = decodeTiff(bytes, { pages: [0] })
    const { data, width, height, samplesPerPixel } = page
    const isRgb = page.type === 2 && samplesPerPixel >= 3
    const isGray = page.type === 1 && samplesPerPixel <= 2
    if (!(isRgb || isGray) || page.sampleFormat !== 1 || data.length !== width * height * samplesPerPixel) {
      return undefined
    }
    if (data instanceof Uint8Array) return toRgb(data, samplesPerPixel, width, height)
    if (data instanceof Uint16Array) return toRgb(narrow(data), samplesPerPixel, width, height)
  } catch {
    // sharp says what is wrong with a file that is truly damaged
  }
  return undefined
}

async function decodeWithSharp(bytes: Uint8Array, where: string): Promise<Pixels> {
  try {
    const { data, info } = await sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: 1e9 })
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return toRgb(data, info.channels, info.width, info.height)
  } catch (cause) {
    throw new DataError({ where, expected: 'a PNG, JPEG or TIFF image', got: describeCause(cause) }, cause)
  }
}

// The high byte, as sharp and Pillow take it.
function narrow(wide: Uint16Array): Uint8Array {
  return Uint8Array.from(wide, (value) => value >> 8)
}

function toRgb(samples: Uint8Array, channels: number, width: number, height: number): Pixels {
  if (channels === 3) {
    const whole = new Uint8Array(samples.buffer, samples.byteOffset, samples.length)
    return pixels(whole, 1, height, width)
  }
  const rgb = new Uint8Array(width * height * 3)
  const isGray = channels < 3
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = samples[pixel * channels + (isGray ? 0 : channel)]
    }
  }
  return pixels(rgb, 1, height, width)
}
