// Figures over patches: do their intervals hold what a hospital with endless slides would give?

import { openRandom, type Random } from '../../src/base/index.ts'
import { type Evaluation, evaluate, type Interval } from '../../src/evaluate/index.ts'
import { compareWithTruth, holds, type Setting, type Simulation } from './simulation.ts'
import { drawPatches, drawPredictions, drawSizes, slideModel, squash } from './slideModel.ts'

type Pick = (evaluation: Evaluation) => Interval | null

// One column a figure: how often its interval holds the figure of patches that are each of a slide of their own.
function simulateFigures(name: string, picks: Readonly<Record<string, Pick>>): Simulation {
  return {
    name,
    columns: Object.keys(picks),
    prepare(seed, endless = 200_000) {
      const { labels, probabilities } = drawPredictions(
        openRandom(seed, 'truth'),
        slideModel,
        Array(endless).fill(1),
      )
      const whole = evaluate({ labels, probabilities, seed })
      return compareWithTruth(picks, whole, (random, { slides, dominant }) => {
        const sizes = drawSizes(random, slideModel, slides, dominant)
        return evaluate({ ...drawPredictions(random, slideModel, sizes), seed })
      })
    },
  }
}

export const figures = simulateFigures('figures', {
  accuracy: ({ accuracy }) => accuracy,
  'balanced accuracy': ({ balancedAccuracy }) => balancedAccuracy,
  AUROC: ({ auroc }) => auroc,
  AUPRC: ({ auprc }) => auprc,
  F1: ({ f1 }) => f1,
})

export const sensitivities = simulateFigures('sensitivities', {
  'at specificity 0.90': ({ sensitivityAt }) => sensitivityAt[0].sensitivity,
  'at 0.95': ({ sensitivityAt }) => sensitivityAt[1].sensitivity,
  'at 0.99': ({ sensitivityAt }) => sensitivityAt[2].sensitivity,
})

export const riskCoverage = simulateFigures('risk-coverage', {
  'accuracy at coverage 0.9': ({ riskCoverage }) => riskCoverage.at[1].accuracy,
  'at 0.8': ({ riskCoverage }) => riskCoverage.at[2].accuracy,
  'at 0.5': ({ riskCoverage }) => riskCoverage.at[3].accuracy,
  area: ({ riskCoverage }) => riskCoverage.area,
})

/** The same figures of single patches, slides not being known: 300 patches for each slide that a setting has. */
export const singlePatches: Simulation = {
  name: 'single patches',
  columns: ['accuracy', 'AUROC', 'sensitivity at 0.95', 'at 0.99', 'accuracy at coverage 0.5', 'area'],
  settings: [{ slides: 1 }, { slides: 10 }],
  prepare(seed, endless = 200_000) {
    const picks: Pick[] = [
      ({ accuracy }) => accuracy,
      ({ auroc }) => auroc,
      ({ sensitivityAt }) => sensitivityAt[1].sensitivity,
      ({ sensitivityAt }) => sensitivityAt[2].sensitivity,
      ({ riskCoverage }) => riskCoverage.at[3].accuracy,
      ({ riskCoverage }) => riskCoverage.area,
    ]
    const draw = (random: Random, count: number) => {
      const { labels, probabilities } = drawPredictions(random, slideModel, Array(count).fill(1))
      return evaluate({ labels, probabilities, seed })
    }
    const whole = draw(openRandom(seed, 'truth'), endless)
    return {
      truth: 'as above; rows are of 300 and of 3,000 patches',
      judge(random, { slides }) {
        const found = draw(random, 300 * slides)
        return picks.map((pick) => holds(pick(found), pick(whole)!.value))
      },
    }
  },
}

/** Calibrated but for `bias` (in log odds), though slides shift by 0.5: the probability is the mean over slides. */
function drawCalibrated(random: Random, sizes: readonly number[], bias: number) {
  const shifts = Array.from({ length: 25 }, (_, i) => (i - 12) / 4)
  const weights = shifts.map((shift) => Math.exp(-(shift ** 2) / 2))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const averageShift = (score: number) =>
    shifts.reduce((sum, shift, i) => sum + (weights[i] / total) * squash(score + 0.5 * shift), 0)
  return drawPatches(sizes, () => {
    const shift = 0.5 * random.normal()
    return () => {
      const score = 2 * random.normal()
      const label = random.uniform() < squash(score + shift) ? 1 : 0
      const probability = averageShift(score)
      return { label, probability: squash(Math.log(probability / (1 - probability)) + bias) }
    }
  })
}

export const calibration: Simulation = {
  name: 'calibration',
  columns: ['calibrated: mean', 'covered', 'biased: mean', 'covered'],
  prepare(seed, endless = 200_000) {
    const measure = (random: Random, sizes: readonly number[], bias: number) =>
      evaluate({ ...drawCalibrated(random, sizes, bias), seed }).calibrationError
    const biased = measure(openRandom(seed, 'bias'), Array(endless).fill(1), 0.7).value
    const judgeOne = (random: Random, { slides, dominant }: Setting, bias: number, truth: number) => {
      const error = measure(random, drawSizes(random, slideModel, slides, dominant), bias)
      return [error.value, holds(error, truth)]
    }
    return {
      truth: `0 and ${biased.toFixed(3)}`,
      judge: (random, setting) => [
        ...judgeOne(random, setting, 0, 0),
        ...judgeOne(random, setting, 0.7, biased),
      ],
    }
  },
}
