// A trained generator in use: images of one domain as images of the other, in batches of any size.

import { f32, type NdArray, WeightsError } from '../base/index.ts'
import { openSession, type SessionOptions } from '../engine/index.ts'
import { constant, emitModel, input } from '../graph/index.ts'
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
 * Opens a generator by its weights, named without a prefix, for images of `sides` (height, width). What it is shown of
 * an image is the GAN's view in use. Throws WeightsError for weights of another form, ShapeError for sides that do
 * not fit.
 */
export async function openTranslator(
  gan: CycleGan,
  weights: Readonly<Record<string, NdArray>>,
  sides: readonly [number, number],
  options: SessionOptions = {},
): Promise<Translator> {
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
  const params = Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, constant(array)]))
  const images = input('images', ['images', 3, ...sides])
  const session = await openSession(emitModel({ translated: gan.writeTranslation(params, images) }), options)
  return {
    async translate(batch) {
      const { translated } = await session.run({ images: batch })
      return f32(translated.shape, translated.data as Float32Array)
    },
    close: () => session.close(),
  }
}
