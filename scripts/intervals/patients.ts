// Slides of one patient that are alike beyond chance: do intervals hold that leave out slides, or patients?

import { openRandom, type Random } from '../../src/base/index.ts'
import { evaluate } from '../../src/evaluate/index.ts'
import { holds, type Simulation } from './simulation.ts'
import { drawPredictions, drawSizes, drawSlide, type SlideModel, slideModel } from './slideModel.ts'

const slidesOfPatient = 4

// Predictions on patients of four slides each; `share` of the variance between slides is that between patients.
function drawPatients(random: Random, model: SlideModel, sizes: readonly number[], share: number) {
  const patients = sizes.map((_, slide) => `${Math.floor(slide / slidesOfPatient)}`)
  let own: number[] = []
  let slide = 0
  const drawn = drawPredictions(random, model, sizes, () => {
    if (slide++ % slidesOfPatient === 0) own = Array.from({ length: 3 }, () => random.normal())
    let quantity = 0
    const normal = () => Math.sqrt(share) * own[quantity++] + Math.sqrt(1 - share) * random.normal()
    return drawSlide(random, model, normal)
  })
  return { ...drawn, patients: drawn.slides.map((name) => patients[Number(name)]) }
}

function simulatePatients(name: string, share: number): Simulation {
  return {
    name,
    columns: ['accuracy, by slide', 'AUROC, by slide', 'accuracy, by patient', 'AUROC, by patient'],
    settings: [5, 10, 20, 40].map((patients) => ({ slides: slidesOfPatient * patients })),
    prepare(seed, endless = 200_000) {
      const { labels, probabilities } = drawPredictions(
        openRandom(seed, 'truth'),
        slideModel,
        Array(endless).fill(1),
      )
      const whole = evaluate({ labels, probabilities, seed })
      const truths = [whole.accuracy, whole.auroc!].map(({ value }) => value)
      return {
        truth: `accuracy ${truths[0].toFixed(3)}, AUROC ${truths[1].toFixed(3)}`,
        judge(random, { slides }) {
          const drawn = drawPatients(random, slideModel, drawSizes(random, slideModel, slides), share)
          return [null, drawn.patients].flatMap((patients) => {
            const { accuracy, auroc } = evaluate({ ...drawn, patients, seed })
            return [holds(accuracy, truths[0]), holds(auroc, truths[1])]
          })
        },
      }
    },
  }
}

export const patientsAlike = simulatePatients('patients of four slides, half of the variance theirs', 0.5)
export const patientsApart = simulatePatients('patients of four slides, none of the variance theirs', 0)
