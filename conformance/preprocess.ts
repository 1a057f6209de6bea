// The preprocessing fixture: what each expected picture is made from is told by its file name, as its
// configuration explains; normalised tensors are compared by the figures and values the configuration holds.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pixels } from '../src/base/index.ts'
import { decodeImage } from '../src/files/index.ts'
import {
  type ChannelValues,
  imageTransforms,
  resizePixels,
  rotatePixels,
  toTensor,
  transformPixels,
} from '../src/patches/index.ts'
import { stainMethods } from '../src/stain/index.ts'
import type { ConformanceResult } from './result.ts'
import { compare } from './stainImages.ts'

const { grayscale } = stainMethods

type Recipe = readonly [
  pattern: RegExp,
  make: (input: Pixels, parts: readonly string[]) => Pixels | Promise<Pixels>,
  tolerance: number,
]

// What the part of a file name before the input's name means; the two rotations keep the fixture's own tolerances.
const recipes: readonly Recipe[] = [
  [/^dinov2_eval$/, (input) => transformPixels(input, imageTransforms.dinov2), 0],
  [/^mii_(\d+)$/, (input, [side]) => resizePixels(input, Number(side), Number(side), 'bicubic'), 0],
  [/^(bicubic|bilinear)_(?:down_?)?(\d+)x(\d+)$/, resizeBySides, 0],
  [/^bicubic_(\d+)$/, (input, [side]) => resizePixels(input, Number(side), Number(side), 'bicubic'), 0],
  [/^bicubic_short(\d+)$/, resizeByShorter, 0],
  [/^gray(?:L|3)$/, async (input) => (await grayscale.apply(input, {}, {})).pixels, 0],
  [/^rot_nearest_(-?[\d.]+)$/, (input, [angle]) => rotatePixels(input, Number(angle), 'nearest'), 0],
  [/^rot_bilinear_(-?[\d.]+)$/, (input, [angle]) => rotatePixels(input, Number(angle), 'bilinear'), 1],
]

function resizeByShorter(input: Pixels, [side]: readonly string[]): Pixels {
  const resize = { side: Number(side), edge: 'shorter' } as const
  return transformPixels(input, { resize, filter: 'bicubic', crop: null, mean: null, std: null })
}

function resizeBySides(input: Pixels, [filter, height, width]: readonly string[]): Pixels {
  return resizePixels(input, Number(height), Number(width), filter as 'bicubic' | 'bilinear')
}

// Which values are listed stands in the keys: `first_row_first_6_px_per_channel`, `pixel[100][57]`.
interface TensorFacts {
  readonly mean: readonly number[]
  readonly std_unbiased: readonly number[]
  readonly [values: string]: unknown
}

interface PreprocessConfig {
  readonly mean: ChannelValues
  readonly std: ChannelValues
  readonly images: Readonly<
    Record<string, { readonly dinov2_tensor: TensorFacts; readonly [tensor: string]: unknown }>
  >
}

/** Checks every picture of the fixture and the tensors its configuration describes. Throws on an unknown file. */
export async function checkPreprocess(folder: string): Promise<ConformanceResult[]> {
  const config: PreprocessConfig = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
  const files = (await readdir(folder)).filter((file) => file.endsWith('.png')).sort()
  const results: ConformanceResult[] = []
  for (const name of Object.keys(config.images)) {
    const input = await readPicture(folder, `in_${name}.png`)
    for (const file of files.filter((file) => file.endsWith(`_${name}.png`) && !file.startsWith('in_'))) {
      const prefix = file.slice(0, -`_${name}.png`.length)
      results.push(await checkPicture(file, prefix, input, await readPicture(folder, file)))
    }
    results.push(...checkTensors(name, config, input))
  }
  return results
}

async function readPicture(folder: string, file: string): Promise<Pixels> {
  return decodeImage(await readFile(join(folder, file)), file)
}

async function checkPicture(
  file: string,
  prefix: string,
  input: Pixels,
  expected: Pixels,
): Promise<ConformanceResult> {
  for (const [pattern, make, tolerance] of recipes) {
    const match = pattern.exec(prefix)
    if (match) return compare(file, (await make(input, match.slice(1))).data, expected.data, tolerance)
  }
  throw new Error(`not yet supported: ${file}`)
}

function checkTensors(name: string, config: PreprocessConfig, input: Pixels): ConformanceResult[] {
  const { dinov2_tensor: facts, ...others } = config.images[name]
  const dinov2 = transformPixels(input, imageTransforms.dinov2)
  const { data } = toTensor(dinov2, config.mean, config.std)
  const area = dinov2.height * dinov2.width
  const gan = toTensor(input, imageTransforms.gan.mean, imageTransforms.gan.std).data
  const channels = [0, 1, 2]
  const compareFirst = (quantity: string, values: Float32Array, size: number, expected: unknown) => {
    const rows = expected as readonly (readonly number[])[]
    const own = rows.flatMap(({ length }, c) => [...values.subarray(c * size, c * size + length)])
    return compare(`${name} ${quantity}`, own, rows.flat(), 1e-6)
  }
  const comparePixel = (key: string, y: number, x: number) => {
    const own = channels.map((c) => data[c * area + y * dinov2.width + x])
    return compare(`${name} dinov2 ${key}`, own, facts[key] as readonly number[], 1e-6)
  }
  const moments = channels.map((c) => momentsOf(data.subarray(c * area, (c + 1) * area)))
  return [
    compare(
      `${name} dinov2 mean`,
      moments.map(({ mean }) => mean),
      facts.mean,
      1e-6,
    ),
    compare(
      `${name} dinov2 std`,
      moments.map(({ std }) => std),
      facts.std_unbiased,
      1e-6,
    ),
    ...Object.keys(facts).flatMap((key) => {
      if (key.startsWith('first_row_first_')) return compareFirst('dinov2 values', data, area, facts[key])
      const pixel = /^pixel\[(\d+)\]\[(\d+)\]$/.exec(key)
      return pixel ? comparePixel(key, Number(pixel[1]), Number(pixel[2])) : []
    }),
    ...Object.keys(others)
      .filter((key) => key.startsWith('gan_tensor_first'))
      .map((key) => compareFirst('gan values', gan, input.height * input.width, others[key])),
  ]
}

function momentsOf(values: Float32Array): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, std: Math.sqrt(square / (values.length - 1)) }
}
