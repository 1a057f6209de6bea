// Figures over slides: estimated and true share of tumour, and which slides hold any.

import { openRandom, type Random } from '../../src/base/index.ts'
import { evaluate, type Interval, type UnitLevel } from '../../src/evaluate/index.ts'
import { compareWithTruth, type Simulation } from './simulation.ts'
import { drawPredictions, drawSizes, type SlideModel, screeningModel, slideModel } from './slideModel.ts'

function simulateUnits(
  name: string,
  model: SlideModel,
  picks: Readonly<Record<string, (level: UnitLevel) => Interval | null>>,
): Simulation {
  return {
    name,
    columns: Object.keys(picks),
    settings: [{ slides: 5 }, { slides: 10 }, { slides: 20 }, { slides: 40 }],
    prepare(seed, endless = 3000) {
      const draw = (random: Random, slides: number) =>
        evaluate({ ...drawPredictions(random, model, drawSizes(random, model, slides)), seed }).slideLevel!
      const whole = draw(openRandom(seed, 'truth', name), endless)
      return compareWithTruth(picks, whole, (random, { slides }) => draw(random, slides))
    },
  }
}

export const shares = simulateUnits('shares of slides', slideModel, {
  'error by mean': ({ mean }) => mean.error,
  'correlation by mean': ({ mean }) => mean.correlation,
  'error by share called': ({ called }) => called.error,
  'correlation by share called': ({ called }) => called.correlation,
})

export const screening = simulateUnits('slides with tumour', screeningModel, {
  'accuracy, surest tenth': ({ top }) => top.accuracy,
  'AUROC, surest tenth': ({ top }) => top.auroc,
  'AUROC, mean': ({ mean }) => mean.auroc,
  'AUROC, share called': ({ called }) => called.auroc,
})
