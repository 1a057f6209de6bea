// Pictures <-> RGB pixels: PNG, JPEG, TIFF, WebP and GIF. Alpha is dropped (WILDS saves RGBA that is opaque
// throughout), gray is repeated over the channels, 16 bits become 8; no colour profile and no orientation is applied,
// so that the bytes are those a deep-learning loader would see. What cannot be known is refused, never guessed.

import sharp, { type Sharp } from 'sharp'
import { DataError, describeCause, type Pixels, pixels } from '../base/index.ts'
import { type WantedFile, wrongFile } from '../formats/index.ts'
import { isTiff, knowsTiff, readTiffPages, readTiffSamples, type TiffPage, type TiffSamples } from './tiff.ts'

// Patches are small and many: parallelism comes from decoding several at once, not from threads inside one.
sharp.concurrency(1)
sharp.cache(false)

/** Decodes one image. Throws DataError naming `where` (the file) where the bytes are no complete image. */
export async function decodeImage(bytes: Uint8Array, where: string): Promise<Pixels> {
  if (isTiff(bytes)) return decodeTiff(bytes, where)
  const magic = String.fromCharCode(...bytes.subarray(0, 12))
  if (magic.startsWith('\x89PNG')) return decodeWithSharp(bytes, where, bytes[24] === 16 ? 'ushort' : 'uchar')
  if (magic.startsWith('\xff\xd8\xff')) {
    return decodeWithSharp(bytes, where, countJpegComponents(bytes) === 4 ? 'cmyk' : 'uchar')
  }
  if (magic.startsWith('GIF8') || /^RIFF....WEBP/s.test(magic)) {
    await refuseAnimation(bytes, where)
    return decodeWithSharp(bytes, where, 'uchar')
  }
  throw wrongFile(where, wanted, { bytes, size: bytes.length })
}

const wanted: WantedFile = {
  expected: 'a PNG, JPEG, TIFF, WebP or GIF picture',
  kinds: ['png', 'jpeg', 'tiff', 'webp', 'gif'],
  hint: 'save it as PNG',
}

/** Encodes one patch as PNG; the same pixels give the same bytes. Throws DataError unless `count` is 1. */
export async function encodePng(image: Pixels): Promise<Uint8Array> {
  // filtered rows of tissue are a quarter smaller, for half a millisecond a patch
  return openRaw(image).png({ compressionLevel: 6, adaptiveFiltering: true, palette: false }).toBuffer()
}

function openRaw({ data, count, width, height }: Pixels): Sharp {
  if (count !== 1) throw new DataError({ where: 'encode image', expected: 'one patch', got: `${count}` })
  return sharp(data, { raw: { width, height, channels: 3 } })
}

// Sharp would take a float picture for linear light and give it a gamma, 12 bits for a dark picture, and the first of
// several pages for all of them; so it gets only what this reader need not look into.
async function decodeTiff(bytes: Uint8Array, where: string): Promise<Pixels> {
  const page = pickPage(bytes, where)
  if (knowsTiff(page) && page.photometric in firstColours) {
    return samplesToRgb(readSamples(bytes, page, where), page, where)
  }
  const isPlain = page.kind === 'unsigned' && page.bits >= 1 && page.bits <= 8
  if (isPlain && [0, 1, 2, 3, 6].includes(page.photometric)) return decodeWithSharp(bytes, where, 'uchar')
  throw new DataError({
    where,
    expected: 'gray, RGB or CMYK samples, as whole numbers of 8 or 16 bits or as floats',
    got: `${page.bits}-bit samples, kind ${page.kind}, photometric interpretation ${page.photometric}, compression ${page.compression}`,
    hint: 'save it as 8-bit RGB',
  })
}

function pickPage(bytes: Uint8Array, where: string): TiffPage {
  const [first, ...others] = explain(where, () => readTiffPages(bytes))
  if (!first) throw new DataError({ where, expected: 'a TIFF picture', got: 'a file without a page' })
  const alike = others.filter(
    ({ width, height, isSecondary }) => !isSecondary && width === first.width && height === first.height,
  )
  if (alike.length === 0) return first
  throw new DataError({
    where,
    expected: 'one picture',
    got: `${alike.length + 1} pages of ${first.height}x${first.width} with ${first.samples} samples a pixel`,
    hint: 'which page is which channel is not said: save it as one page of RGB',
  })
}

function readSamples(bytes: Uint8Array, page: TiffPage, where: string): TiffSamples {
  return explain(where, () => readTiffSamples(bytes, page))
}

function explain<T>(where: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const got = `one that is cut short or damaged (${describeCause(cause)})`
    throw new DataError({ where, expected: 'a whole TIFF picture', got, hint: 'fetch it again' }, cause)
  }
}

// How many samples a pixel's colour takes, by PhotometricInterpretation; what follows is alpha.
const firstColours: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 5: 4 }

function samplesToRgb(samples: TiffSamples, page: TiffPage, where: string): Pixels {
  const { width, height, photometric, samples: channels } = page
  const colours = firstColours[photometric]
  if (channels < colours || (colours === 1 && channels > 2)) {
    const expected = colours === 1 ? 'one gray sample a pixel, or RGB' : `${colours} samples a pixel`
    const hint = 'which sample is which colour is not said: save it as RGB'
    throw new DataError({ where, expected, got: `${channels}`, hint })
  }
  const bytes = toBytes(samples, page.largest, where)
  if (photometric === 0) invert(bytes)
  return photometric === 5
    ? cmykToRgb(bytes, channels, width, height)
    : toRgb(bytes, channels, colours, width, height)
}

function toBytes(samples: TiffSamples, largest: number | undefined, where: string): Uint8Array {
  if (samples instanceof Uint8Array) return samples
  return samples instanceof Uint16Array ? narrowWords(samples, largest, where) : narrowFloats(samples, where)
}

/** Below this no sample of a 16-bit picture of tissue stays: it has 14 bits or fewer, or is all but black. */
const leastOfSixteen = 1 << 14

// The high byte, as sharp and Pillow take it; of 12 bits in 16 only where the file says that they are 12.
function narrowWords(wide: Uint16Array, largest: number | undefined, where: string): Uint8Array {
  const stated = largest === undefined ? Number.NaN : Math.log2(largest + 1)
  if (stated >= 8 && stated <= 16 && Number.isInteger(stated))
    return Uint8Array.from(wide, (value) => value >> (stated - 8))
  const most = wide.reduce((sofar, value) => (value > sofar ? value : sofar), 0)
  if (most === 0 || most >= leastOfSixteen) return Uint8Array.from(wide, (value) => value >> 8)
  throw new DataError({
    where,
    expected: 'samples that use their 16 bits',
    got: `none above ${most}, as where 12 bits lie in 16`,
    hint: 'scale them to 16 bits, or save 8 bits; a TIFF may say MaxSampleValue 4095',
  })
}

// Floats run from 0 to 1, or from 0 to 255 where one is above 1. Only 0 and 1 could be either.
function narrowFloats(values: Float32Array | Float64Array, where: string): Uint8Array {
  let most = 0
  let isBinary = true
  for (const value of values) {
    if (!(value >= 0 && value <= 255)) throw oddFloats(where, `${value}`)
    if (value > most) most = value
    if (value !== 0 && value !== 1) isBinary = false
  }
  if (isBinary && most === 1) throw oddFloats(where, 'only 0 and 1, where 1 may mean white or 1 of 255')
  const scale = most > 1 ? 1 : 255
  return Uint8Array.from(values, (value) => Math.round(value * scale))
}

function oddFloats(where: string, got: string): DataError {
  return new DataError({
    where,
    expected: 'floats from 0 to 1 or from 0 to 255',
    got,
    hint: 'save it as 8-bit RGB',
  })
}

type Depth = 'uchar' | 'ushort' | 'cmyk'

async function decodeWithSharp(bytes: Uint8Array, where: string, depth: Depth): Promise<Pixels> {
  const space = { uchar: 'srgb', ushort: 'rgb16', cmyk: 'cmyk' }[depth]
  // A header may state any size: no packing makes so many pixels of so few bytes.
  const limitInputPixels = Math.min(1e9, Math.max(2 ** 24, 4096 * bytes.length))
  const decoded = await sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels })
    .pipelineColourspace(space) // else inks and 16 bits go through sRGB on their way
    .removeAlpha()
    .toColourspace(space)
    .raw({ depth: depth === 'ushort' ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: Error) => {
      throw wrongFile(where, wanted, { bytes, size: bytes.length }, cause)
    })
  const { data, info } = decoded
  const { width, height, channels } = info
  if (depth === 'cmyk') return cmykToRgb(data, channels, width, height)
  const samples =
    depth === 'ushort' ? narrowWords(new Uint16Array(Uint8Array.from(data).buffer), undefined, where) : data
  return toRgb(samples, channels, channels < 3 ? 1 : 3, width, height)
}

async function refuseAnimation(bytes: Uint8Array, where: string): Promise<void> {
  const { pages = 1 } = await sharp(bytes)
    .metadata()
    .catch(() => ({ pages: 1 }))
  if (pages > 1) throw new DataError({ where, expected: 'one picture', got: `an animation of ${pages}` })
}

// The number of components that a JPEG's frame header states: 1 gray, 3 YCbCr, 4 CMYK. ITU-T T.81, B.2.2.
function countJpegComponents(bytes: Uint8Array): number {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return bytes[at + 9]
    at += marker === 0xff ? 1 : 2 + ((bytes[at + 2] << 8) | bytes[at + 3])
  }
  return 3
}

function invert(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = 255 - bytes[i]
}

// Ink on paper without a profile, (255 - C)(255 - K) / 255 and so on, as Pillow's convert('RGB') has it.
function cmykToRgb(samples: Uint8Array, channels: number, width: number, height: number): Pixels {
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const key = 255 - samples[pixel * channels + 3]
    for (let ink = 0; ink < 3; ink++) {
      rgb[pixel * 3 + ink] = Math.round(((255 - samples[pixel * channels + ink]) * key) / 255)
    }
  }
  return pixels(rgb, 1, height, width)
}

function toRgb(
  samples: Uint8Array,
  channels: number,
  colours: number,
  width: number,
  height: number,
): Pixels {
  if (channels === 3) {
    const whole = new Uint8Array(samples.buffer, samples.byteOffset, samples.length)
    return pixels(whole, 1, height, width)
  }
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = samples[pixel * channels + (colours === 1 ? 0 : channel)]
    }
  }
  return pixels(rgb, 1, height, width)
}
