// Fixed normalisation for a trained generator: the moments of its instance normalisation over many source patches
// together, in place of each patch's own. Otherwise a patch's colours would depend on what else is in it (glass turns
// violet where there is much of it), and tiles of one image would show seams.

import { type Pixels, slicePixels } from '../../base/index.ts'
import { cropCenter, imageTransforms, toTensor } from '../../patches/index.ts'
import { type CycleGan, measureMoments } from '../../train/index.ts'
import type { Networks, TrainingPlace } from '../stainMethod.ts'

// As many pixels as 32 patches of 96: activations of a wide network take some gigabytes.
const pixelsAtMost = 32 * 96 * 96

const isMoment = ([name]: readonly [string, unknown]) => /\.running_(mean|var)$/.test(name)

/** The network without moments, which then goes by each patch's own. */
export function dropMoments(network: Networks[string]): Networks[string] {
  return Object.fromEntries(Object.entries(network).filter((entry) => !isMoment(entry)))
}

/** The moments alone. */
export function pickMoments(network: Networks[string]): Networks[string] {
  return Object.fromEntries(Object.entries(network).filter(isMoment))
}

/** The network with moments measured on `sample`, whose middle `side` x `side` is looked at. */
export async function fixMoments(
  gan: CycleGan,
  network: Networks[string],
  sample: Pixels,
  side: number,
  place: Pick<TrainingPlace, 'provider' | 'threads'>,
): Promise<Networks[string]> {
  const count = Math.max(1, Math.floor(pixelsAtMost / side ** 2))
  const { mean, std } = imageTransforms.gan
  const images = toTensor(cropCenter(slicePixels(sample, 0, count), side, side), mean, std)
  return { ...network, ...(await measureMoments(gan, network, images, place)) }
}
