// A trained generator on pixels: bytes in, bytes out, whole where they are small, in blended tiles where they are not.

import { f32, type Pixels, pixelsAt, slicePixels } from '../../base/index.ts'
import { imageTransforms, toTensor } from '../../patches/index.ts'
import { type CycleGan, openTranslator, type Translator } from '../../train/index.ts'
import type { Networks, TrainingPlace } from '../stainMethod.ts'
import { colourGan } from './buildGan.ts'
import { cutTile, openBlend, placeTiles, type Sides } from './tiles.ts'

/** A network ready to change stains. */
export interface Restainer {
  /** A batch of any size and sides, not modified. Values are rounded to the nearest level. */
  restain(batch: Pixels): Promise<Pixels>
  close(): Promise<void>
}

/** How pixels are cut for the network. */
export interface RestainerOptions {
  readonly gan: CycleGan
  readonly network: Networks[string]
  /** What sides must be multiples of; images are mirrored at their edges up to the next one. */
  readonly unit: number
  /** Sides up to this go through whole; larger images in tiles of it. A multiple of `unit`. */
  readonly tile: number
  readonly place: Pick<TrainingPlace, 'provider' | 'threads'>
}

// Images a run: activations of a wide network take some 100 MB an image.
const runRows = 8

/** Opens a restainer; sessions are opened for the sides that come. Throws WeightsError for weights of another form. */
export function openRestainer({ gan, network, unit, tile, place }: RestainerOptions): Restainer {
  const open = new Map<string, Promise<Translator>>()
  const translatorFor = ({ height, width }: Sides) => {
    const name = `${height}x${width}`
    const known = open.get(name) ?? openTranslator(gan, network, [height, width], place)
    open.set(name, known)
    return known
  }
  const sideOf = (side: number) => (side > tile ? tile : Math.ceil(side / unit) * unit)

  async function restainRun(batch: Pixels): Promise<Pixels> {
    const { count, height, width } = batch
    const { mean, std } = imageTransforms.gan
    const { data } = toTensor(batch, mean, std)
    const sides = { height: sideOf(height), width: sideOf(width) }
    const translator = await translatorFor(sides)
    if (sides.height === height && sides.width === width) {
      const made = await translator.translate(f32([count, 3, height, width], data))
      return toBytes(splitImages(made.data, count), batch)
    }
    const image = (i: number) => ({
      data: data.subarray(i * 3 * height * width, (i + 1) * 3 * height * width),
      height,
      width,
    })
    const blends = Array.from({ length: count }, () => openBlend(batch))
    for (const top of placeTiles(height, sides.height)) {
      for (const left of placeTiles(width, sides.width)) {
        const tiles = blends.map((_, i) => cutTile(image(i), top, left, sides).data)
        const area = 3 * sides.height * sides.width
        const fed = new Float32Array(count * area)
        tiles.forEach((cut, i) => {
          fed.set(cut, i * area)
        })
        const made = await translator.translate(f32([count, 3, sides.height, sides.width], fed))
        blends.forEach((blend, i) => {
          blend.add({ data: made.data.subarray(i * area, (i + 1) * area), ...sides }, top, left)
        })
      }
    }
    return toBytes(
      blends.map((blend) => blend.finish()),
      batch,
    )
  }

  return {
    async restain(batch) {
      const made: Pixels = { ...batch, data: new Uint8Array(batch.data.length) }
      for (let start = 0; start < batch.count; start += runRows) {
        const [part, into] = [batch, made].map((whole) => slicePixels(whole, start, start + runRows))
        into.data.set((await restainRun(part)).data)
      }
      return made
    },
    async close() {
      for (const translator of open.values()) await (await translator).close()
      open.clear()
    },
  }
}

/** Opens a colour map of `width` channels in a generator's place. */
export function openColourMap(
  network: Networks[string],
  width: number,
  place: RestainerOptions['place'],
): Restainer {
  return openRestainer({ gan: colourGan(width), network, unit: 1, tile: 4096, place })
}

function splitImages(data: Float32Array, count: number): Float32Array[] {
  const size = data.length / count
  return Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size))
}

// Planes in [-1, 1] to bytes.
function toBytes(images: readonly Float32Array[], sides: Pixels): Pixels {
  const batch: Pixels = { ...sides, data: new Uint8Array(sides.data.length) }
  const area = sides.height * sides.width
  images.forEach((planes, i) => {
    const { data } = pixelsAt(batch, i)
    for (let channel = 0; channel < 3; channel++) {
      for (let at = 0; at < area; at++) {
        const level = (planes[channel * area + at] + 1) * 127.5 + 0.5
        data[3 * at + channel] = level < 0 ? 0 : level > 255 ? 255 : level
      }
    }
  })
  return batch
}
