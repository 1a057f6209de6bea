// What a generator and a discriminator minimise: least squares (Mao et al. 2017), the first GAN's cross entropy
// (Goodfellow et al. 2014), and Wasserstein's distance with a penalty on the gradient (Gulrajani et al. 2017, eq. 3).

import * as g from '../graph/index.ts'
import { bceWithLogits, meanSquaredError } from './losses.ts'

/** The mean loss of scores that should say real, or that should say generated. */
export type GanLoss = (scores: g.Value, isReal: boolean) => g.Value

/** Losses by the names of pytorch-CycleGAN-and-pix2pix's `gan_mode`. */
export const ganLosses = {
  lsgan: (scores, isReal) => meanSquaredError(scores, isReal ? 1 : 0),
  vanilla: (scores, isReal) => bceWithLogits(scores, g.scalar(isReal ? 1 : 0)),
  wgangp: (scores, isReal) => (isReal ? g.neg(g.reduceMean(scores)) : g.reduceMean(scores)),
} as const satisfies Readonly<Record<string, GanLoss>>

/** A loss's name. */
export type GanLossName = keyof typeof ganLosses

/**
 * weight * mean over images of (|d scores / d image| - 1)^2, at points between real and generated images [N,C,H,W];
 * `shares` [N,1,1,1] in [0, 1) says where: 1 at the real one. A graph of a gradient, to be differentiated again.
 */
export function gradientPenalty(
  discriminate: (images: g.Value) => g.Value,
  real: g.Value,
  fake: g.Value,
  shares: g.Value,
  weight = 10,
): g.Value {
  const between = g.add(g.mul(real, shares), g.mul(fake, g.sub(1, shares)))
  const [slope] = g.gradients(g.reduceSum(discriminate(between)), [between])
  // The square root's own slope is infinite at 0.
  const squares = g.reduceSum(g.square(g.add(slope, 1e-16)), { axes: [1, 2, 3] })
  const length = g.sqrt(g.add(squares, 1e-16))
  return g.mul(meanSquaredError(length, 1), weight)
}
