// The five synthetic centers: stain vectors, staining strength and scanner of each, and how slides vary.
// Stain vectors, background and strength are near what Macenko's method measures on public Camelyon17
// regions (CC0) of the five hospitals; the scanner's blur, noise and JPEG quality are invented.

import { openRandom, type Random } from '../base/index.ts'

/** An optical-density vector (R, G, B), of length 1. */
export type StainVector = readonly [number, number, number]

/** How a slide was stained and scanned. */
export interface Slide {
  /** Optical density of one unit of hematoxylin and of eosin. */
  readonly hematoxylin: StainVector
  readonly eosin: StainVector
  /** Factors on the concentrations of hematoxylin and eosin: staining time, section thickness. */
  readonly strength: readonly [number, number]
  /** What bare glass becomes, R G B in 0 to 255. */
  readonly white: readonly [number, number, number]
  /** Exponent from transmitted light to pixel value: it scales all optical densities alike. */
  readonly gamma: number
  /** Standard deviation of the optical blur in pixels. */
  readonly blur: number
  /** Standard deviation of the sensor's noise at white, in units of 0 to 255. */
  readonly noise: number
  /** Share of an unsharp mask that the scanner adds. */
  readonly sharpening: number
  /** JPEG quality, 1 to 100. */
  readonly quality: number
}

/** A center: its mean slide, and the spread of its slides. */
export interface Center extends Slide {
  /** Standard deviation of a slide's stain vectors around the center's (a component, before normalising). */
  readonly stainSpread: number
  /** Standard deviation of the logarithm of a slide's strengths. */
  readonly strengthSpread: number
}

/** The centers, by the names of the challenge. 0, 3 and 4 train, 1 validates, 2 tests. */
export const syntheticCenters = {
  0: {
    hematoxylin: [0.553, 0.728, 0.405],
    eosin: [0.211, 0.847, 0.487],
    strength: [1.0, 0.95],
    white: [252, 249, 247],
    gamma: 1,
    blur: 0.6,
    noise: 2.2,
    sharpening: 0.1,
    quality: 82,
    stainSpread: 0.02,
    strengthSpread: 0.14,
  },
  1: {
    hematoxylin: [0.585, 0.69, 0.427],
    eosin: [0.37, 0.851, 0.372],
    strength: [1.1, 1.45],
    white: [252, 247, 248],
    gamma: 1.08,
    blur: 0.55,
    noise: 2.6,
    sharpening: 0.3,
    quality: 78,
    stainSpread: 0.025,
    strengthSpread: 0.16,
  },
  2: {
    hematoxylin: [0.615, 0.75, 0.243],
    eosin: [0.245, 0.925, 0.29],
    strength: [1.25, 1.0],
    white: [238, 217, 242],
    gamma: 1,
    blur: 0.7,
    noise: 1.8,
    sharpening: 0.15,
    quality: 88,
    stainSpread: 0.02,
    strengthSpread: 0.16,
  },
  3: {
    hematoxylin: [0.54, 0.745, 0.392],
    eosin: [0.17, 0.84, 0.515],
    strength: [1.1, 1.0],
    white: [254, 249, 250],
    gamma: 0.97,
    blur: 0.5,
    noise: 2.4,
    sharpening: 0.35,
    quality: 80,
    stainSpread: 0.025,
    strengthSpread: 0.18,
  },
  4: {
    hematoxylin: [0.607, 0.725, 0.325],
    eosin: [0.181, 0.916, 0.357],
    strength: [0.85, 0.9],
    white: [243, 223, 238],
    gamma: 1,
    blur: 0.65,
    noise: 1.8,
    sharpening: 0.15,
    quality: 88,
    stainSpread: 0.02,
    strengthSpread: 0.16,
  },
} as const satisfies Record<string, Center>

/** The name of a synthetic center. */
export type CenterName = `${keyof typeof syntheticCenters}`

/** Slide number `slide` of `center` as it is under `seed`: the center's mean, and what is its own. */
export function drawSlide(seed: number, center: CenterName, slide: number): Slide {
  const mean: Center = syntheticCenters[center]
  const random = openRandom(seed, 'synthetic slide', center, slide)
  return {
    hematoxylin: jitterVector(random, mean.hematoxylin, mean.stainSpread),
    eosin: jitterVector(random, mean.eosin, mean.stainSpread),
    strength: [
      mean.strength[0] * Math.exp(random.normal() * mean.strengthSpread),
      mean.strength[1] * Math.exp(random.normal() * mean.strengthSpread),
    ],
    white: [mean.white[0], mean.white[1], mean.white[2]].map((value) =>
      Math.min(255, value + random.normal() * 1.5),
    ) as unknown as Slide['white'],
    gamma: mean.gamma * Math.exp(random.normal() * 0.02),
    blur: mean.blur * Math.exp(random.normal() * 0.12),
    noise: mean.noise,
    sharpening: mean.sharpening,
    quality: mean.quality,
  }
}

function jitterVector(random: Random, mean: StainVector, spread: number): StainVector {
  const moved = mean.map((value) => Math.max(0.02, value + random.normal() * spread))
  const length = Math.hypot(...moved)
  return [moved[0] / length, moved[1] / length, moved[2] / length]
}
