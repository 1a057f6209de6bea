// Picture files <-> RGB pixels in a worker. What the browser would change (profiles, orientation, more than 8 bits,
// transparency) is left out or refused, so that the bytes are those that Eosin reads under Node.

import { DataError, type Pixels, pixels } from '../../../src/base/index.ts'
import { listJpegSegments, type PictureHead, readPictureHead, wrongFile } from '../../../src/formats/index.ts'

/** More pixels than this are not decoded: a browser has no memory for much more. */
export const mostPixels = 64_000_000

const headBytes = 4 * 1024 * 1024

/** Decodes a PNG or JPEG file. Throws DataError for anything else, and for pictures too large, by their header alone. */
export async function decodePicture(file: Blob, name: string): Promise<Pixels> {
  const bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer())
  const head = readPictureHead(bytes)
  const wanted = {
    expected: 'a PNG or JPEG picture',
    kinds: ['png', 'jpeg'],
    hint: 'save it as PNG',
  } as const
  if (!head) throw wrongFile(name, wanted, { bytes, size: file.size })
  requirePlain(head, name)
  const whole = head.kind === 'jpeg' ? dropExif(file, bytes) : file
  const bitmap = await createImageBitmap(whole, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  }).catch(async (cause: Error) => {
    throw wrongFile(name, wanted, { bytes: new Uint8Array(await file.arrayBuffer()), size: file.size }, cause)
  })
  const { width, height } = bitmap
  const context = openCanvas(width, height)
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  const { data } = context.getImageData(0, 0, width, height)
  return pixels(dropAlpha(data, name), 1, height, width)
}

function requirePlain({ width, height, bits, channels, kind }: PictureHead, where: string): void {
  const megapixels = (count: number) => `${Math.round(count / 1e6)} megapixels`
  if (width * height > mostPixels) {
    const got = `${width} x ${height}, ${megapixels(width * height)}`
    throw new DataError({
      where,
      expected: `at most ${megapixels(mostPixels)}`,
      got,
      hint: 'cut patches from it first',
    })
  }
  if (bits > 8)
    throw new DataError({ where, expected: '8 bits a sample', got: `${bits}`, hint: 'save it as 8-bit RGB' })
  if (kind === 'jpeg' && channels === 4)
    throw new DataError({ where, expected: 'gray or RGB', got: 'CMYK', hint: 'save it as RGB' })
}

// Without its Exif segments, which state an orientation that a browser would apply.
function dropExif(file: Blob, bytes: Uint8Array): Blob {
  const parts: Blob[] = []
  let from = 0
  for (const { marker, start, end } of listJpegSegments(bytes)) {
    if (marker !== 0xe1) continue
    parts.push(file.slice(from, start - 4))
    from = end
  }
  return from === 0 ? file : new Blob([...parts, file.slice(from)])
}

function dropAlpha(rgba: Uint8ClampedArray, where: string): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3)
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    if (rgba[from + 3] !== 255)
      throw new DataError({
        where,
        expected: 'an opaque picture',
        got: 'transparent pixels',
        hint: 'save it without alpha',
      })
    rgb[to] = rgba[from]
    rgb[to + 1] = rgba[from + 1]
    rgb[to + 2] = rgba[from + 2]
  }
  return rgb
}

/** One patch as a picture that a page can draw. */
export function drawPixels(patch: Pixels): Promise<ImageBitmap> {
  return createImageBitmap(toImageData(patch))
}

/** One patch as a PNG file. */
export function encodePicture(patch: Pixels): Promise<Blob> {
  const context = openCanvas(patch.width, patch.height)
  context.putImageData(toImageData(patch), 0, 0)
  return context.canvas.convertToBlob({ type: 'image/png' })
}

function toImageData({ data, width, height }: Pixels): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from]
    rgba[to + 1] = data[from + 1]
    rgba[to + 2] = data[from + 2]
    rgba[to + 3] = 255
  }
  return new ImageData(rgba, width, height)
}

function openCanvas(width: number, height: number): OffscreenCanvasRenderingContext2D {
  return new OffscreenCanvas(width, height).getContext('2d', {
    willReadFrequently: true,
    colorSpace: 'srgb',
  })!
}
