// Forecasts of a center's accuracy: how far they are off, and how often their bounds hold the accuracy that it turns out to
// have. Centers differ as slides do; a setting's slides are labelled centers here.

import type { Random } from '../../src/base/index.ts'
import { forecastAccuracy } from '../../src/evaluate/index.ts'
import { holds, type Simulation } from './simulation.ts'
import { drawPatches, drawSizes, drawSlide, slideModel, squash } from './slideModel.ts'

const slidesOfCenter = 10

/** A center of ten slides: its own shift, and its own share of patches on which the classes lie far apart. */
function drawCenter(random: Random, spread: number) {
  const shift = spread * 0.5 * random.normal()
  const separation = Math.exp(spread * 0.3 * random.normal())
  const sizes = drawSizes(random, slideModel, slidesOfCenter)
  return drawPatches(sizes, () => {
    const slide = drawSlide(random, slideModel)
    return () => {
      const label = random.uniform() < slide.prevalence ? 1 : 0
      const side = separation * (label ? slide.separation : -slide.separation)
      return { label, probability: squash(2 * (shift + slide.shift + side + random.normal())) }
    }
  })
}

const methods = ['meanAccuracy', 'differenceOfConfidences', 'thresholdedConfidence'] as const

export const forecasts: Simulation = {
  name: 'forecasts',
  columns: [
    ...['mean', 'difference', 'thresholded'].flatMap((name) => [
      `${name}: error`,
      'expected',
      'in bounds',
      'in bounds, target twice as far',
    ]),
  ],
  settings: [{ slides: 3 }, { slides: 4 }, { slides: 6 }, { slides: 10 }],
  prepare() {
    return {
      truth: 'rows are labelled centers; the target is one more, or one whose ways differ twice as much',
      judge(random, { slides }) {
        const heldOut = Array.from({ length: slides }, (_, i) => ({
          center: `${i}`,
          ...drawCenter(random, 1),
        }))
        const targets = [drawCenter(random, 1), drawCenter(random, 2)].map(({ labels, probabilities }) => ({
          found: forecastAccuracy({ heldOut, target: probabilities }),
          accuracy:
            labels.reduce((right, label, i) => right + Number(probabilities[i] >= 0.5 === (label === 1)), 0) /
            labels.length,
        }))
        return methods.flatMap((method) => {
          const [{ found, accuracy }, far] = targets
          const { accuracy: forecast, expectedError } = found[method]
          return [
            Math.abs(forecast.value - accuracy),
            expectedError,
            holds(forecast, accuracy),
            holds(far.found[method].accuracy, far.accuracy),
          ]
        })
      },
    }
  },
}
