// Made-up predictions with slides and centers whose patches err together.
import { openRandom } from '../../src/base/index.ts'

/** `count` patches on `slideCount` slides of three centers; probabilities rounded so that many tie. */
export function makePredictions(count: number, slideCount: number, seed = 1) {
  const random = openRandom(seed, 'predictions')
  const shift = Array.from({ length: slideCount }, () => random.normal() * 0.7)
  const slide = Array.from({ length: count }, () => random.integer(slideCount))
  const labels = Uint8Array.from({ length: count }, () => random.integer(2))
  const probabilities = Float32Array.from(labels, (label, i) => {
    const logit = (label === 1 ? 1 : -1) + shift[slide[i]] + random.normal()
    return Math.round(500 / (1 + Math.exp(-logit))) / 500
  })
  return {
    labels,
    probabilities,
    centers: slide.map((index) => `center ${index % 3}`),
    slides: slide.map((index) => `slide ${index}`),
  }
}

/** The same patches in another order. */
export function shufflePredictions<T extends ReturnType<typeof makePredictions>>(
  patches: T,
  seed: number,
): T {
  const order = openRandom(seed, 'shuffle').permutation(patches.labels.length)
  return {
    ...patches,
    labels: Uint8Array.from(order, (row) => patches.labels[row]),
    probabilities: Float32Array.from(order, (row) => patches.probabilities[row]),
    centers: Array.from(order, (row) => patches.centers[row]),
    slides: Array.from(order, (row) => patches.slides[row]),
  }
}
