// A trained generator in use: images of one domain as images of the other, in batches of any size. Instance
// normalisation takes its moments from each image, or goes by fixed ones, measured once on many images: an image's
// colours then no longer depend on what else is in it, and tiles of one image have no seams.

import { f32, type NdArray, WeightsError } from '../base/index.ts'
import { chooseProvider, openSession, type SessionOptions, stableOptions } from '../engine/index.ts'
import { constant, emitModel, input, quickenConvolutions, type Value } from '../graph/index.ts'
import { inferencePass, type ParamValues, type Pass, takeMoments } from '../nn/index.ts'
import type { CycleGan, GanPart } from './cycleGan.ts'

/** An open generator. */
export interface Translator {
  /** Images [N,3,H,W] in [-1, 1] with the sides it was opened for, to images of the same shape. */
  translate(images: NdArray<'f32'>): Promise<NdArray<'f32'>>
  close(): Promise<void>
}

/** One network's weights under the names of its own checkpoint (`model.1.weight`), as the reference saves them. */
export function pickPart(weights: Readonly<Record<string, NdArray>>, part: GanPart): Record<string, NdArray> {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(`${part}.`))
  return Object.fromEntries(own.map(([name, array]) => [name.slice(part.length + 1), array]))
}

/**
 * The moments that a generator's instance normalisation has over `images` together, [C] each, by the name of the layer:
 * `model.2.running_mean`, `model.2.running_var`, as old checkpoints of the reference have them.
 */
export async function measureMoments(
  gan: CycleGan,
  weights: Readonly<Record<string, NdArray>>,
  images: NdArray<'f32'>,
  options: SessionOptions = {},
): Promise<Record<string, NdArray<'f32'>>> {
  checkWeights(gan, weights)
  const outputs: Record<string, Value> = {}
  const pass: Pass = {
    ...inferencePass,
    momentsOf(name, x) {
      const moments = takeMoments(x)
      outputs[meanOf(name)] = moments.mean
      outputs[varianceOf(name)] = moments.variance
      return moments
    },
  }
  gan.writeTranslation(toConstants(weights), input('images', images.shape), pass)
  if (Object.keys(outputs).length === 0) return {}
  const session = await openSession(emitModel(outputs), stableOptions(outputs, options))
  try {
    const measured = await session.run({ images })
    return Object.fromEntries(
      Object.entries(measured).map(([name, { data }]) => [name, f32([data.length], data as Float32Array)]),
    )
  } finally {
    await session.close()
  }
}

const meanOf = (name: string) => `${name}.running_mean`
const varianceOf = (name: string) => `${name}.running_var`

// Normalises by the moments among the weights, where they are there.
function fixedPass(weights: Readonly<Record<string, NdArray>>): Pass {
  const channels = (array: NdArray) => constant(f32([1, array.data.length, 1, 1], array.data as Float32Array))
  return {
    ...inferencePass,
    momentsOf(name) {
      const [mean, variance] = [weights[meanOf(name)], weights[varianceOf(name)]]
      return mean && variance ? { mean: channels(mean), variance: channels(variance) } : undefined
    },
  }
}

function toConstants(weights: Readonly<Record<string, NdArray>>): ParamValues {
  return Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, constant(array)]))
}

function checkWeights(gan: CycleGan, weights: Readonly<Record<string, NdArray>>): void {
  for (const [name, { shape }] of Object.entries(gan.generator.params)) {
    const given = weights[name]
    if (given?.dtype === 'f32' && `${given.shape}` === `${shape}`) continue
    const got = given ? `${given.dtype} [${given.shape}]` : 'nothing'
    throw new WeightsError({
      where: name,
      expected: `f32 [${shape}]`,
      got,
      hint: 'is the checkpoint of this form of generator?',
    })
  }
}

/**
 * Opens a generator by its weights, named without a prefix, for images of `sides` (height, width). What it is shown of
 * an image is the GAN's view in use. Instance normalisation goes by the moments that measureMoments added to the
 * weights, by each image's own without them. On processors convolutions go by Winograd's form. Throws WeightsError for
 * weights of another form, ShapeError for sides that do not fit.
 */
export async function openTranslator(
  gan: CycleGan,
  weights: Readonly<Record<string, NdArray>>,
  sides: readonly [number, number],
  options: SessionOptions = {},
): Promise<Translator> {
  checkWeights(gan, weights)
  const images = input('images', ['images', 3, ...sides])
  const translated = gan.writeTranslation(toConstants(weights), images, fixedPass(weights))
  const provider = chooseProvider(options.provider)
  const outputs = provider === 'cpu' ? quickenConvolutions({ translated }) : { translated }
  const session = await openSession(emitModel(outputs), stableOptions(outputs, { ...options, provider }))
  return {
    async translate(batch) {
      const { translated } = await session.run({ images: batch })
      return f32(translated.shape, translated.data as Float32Array)
    },
    close: () => session.close(),
  }
}
