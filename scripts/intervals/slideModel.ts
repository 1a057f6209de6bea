// Made-up predictions on slides that differ: the model that intervals are judged by. Each slide has its own share of
// tumour, its own shift of all scores and its own separation of the classes; sizes of slides differ too.

import type { Random } from '../../src/base/index.ts'

/** How much slides differ. */
export interface SlideModel {
  /** Patches of a slide in the mean, and the standard deviation of the logarithm of that number. */
  readonly patches: number
  readonly sizeSpread: number
  /** Standard deviation of the log odds of tumour between slides. */
  readonly prevalenceSpread: number
  readonly shiftSpread: number
  /** Distance of either class from 0, in standard deviations within a slide, and its spread (log scale). */
  readonly separation: number
  readonly separationSpread: number
  /** The share of slides without any tumour; the others have `tumourOdds` in the mean. Default: none, and 0. */
  readonly normalSlides?: number
  readonly tumourOdds?: number
}

/** The model of docs/evaluate.md. */
export const slideModel: SlideModel = {
  patches: 100,
  sizeSpread: 0.5,
  prevalenceSpread: 1,
  shiftSpread: 0.6,
  separation: 1.3,
  separationSpread: 0.35,
}

/** Two of five slides hold no tumour, the others mostly little of it. */
export const screeningModel: SlideModel = {
  ...slideModel,
  separation: 1.8,
  normalSlides: 0.4,
  tumourOdds: -1.5,
}

/** A slide's share of tumour, its shift, and how far its classes lie from 0. */
export interface Slide {
  readonly prevalence: number
  readonly shift: number
  readonly separation: number
}

/** Draws what is particular to a slide, from three numbers of `normal`. */
export function drawSlide(random: Random, model: SlideModel, normal = () => random.normal()): Slide {
  const { normalSlides = 0, tumourOdds = 0 } = model
  const isNormal = normalSlides > 0 && random.uniform() < normalSlides
  return {
    prevalence: isNormal ? 0 : squash(tumourOdds + model.prevalenceSpread * normal()),
    shift: model.shiftSpread * normal(),
    separation: model.separation * drawSize(normal, model.separationSpread),
  }
}

/** How many patches each of `count` slides has; `dominant`: the first holds a third of all. */
export function drawSizes(random: Random, model: SlideModel, count: number, dominant = false): number[] {
  return Array.from({ length: count }, (_, slide) => {
    if (dominant) return Math.round(model.patches * (slide === 0 ? (count - 1) / 2 : 1))
    return Math.max(10, Math.round(model.patches * drawSize(() => random.normal(), model.sizeSpread)))
  })
}

/** Predictions on slides of these sizes: the class decides the score but for noise. */
export function drawPredictions(
  random: Random,
  model: SlideModel,
  sizes: readonly number[],
  openSlide = () => drawSlide(random, model),
) {
  return drawPatches(sizes, () => {
    const { prevalence, shift, separation } = openSlide()
    return () => {
      const label = random.uniform() < prevalence ? 1 : 0
      const score = shift + (label ? separation : -separation) + random.normal()
      return { label, probability: squash(2 * score) }
    }
  })
}

/** Labels and probabilities, drawn slide by slide. */
export function drawPatches(
  sizes: readonly number[],
  openSlide: () => () => { readonly label: number; readonly probability: number },
) {
  const patches = sizes.flatMap((size, slide) => {
    const draw = openSlide()
    return Array.from({ length: size }, () => ({ ...draw(), slide: `${slide}` }))
  })
  return {
    labels: Uint8Array.from(patches, ({ label }) => label),
    probabilities: Float32Array.from(patches, ({ probability }) => probability),
    slides: patches.map(({ slide }) => slide),
  }
}

/** From log odds to a probability. */
export function squash(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}

// Lognormal with mean 1.
function drawSize(normal: () => number, spread: number): number {
  return Math.exp(spread * normal() - spread ** 2 / 2)
}
