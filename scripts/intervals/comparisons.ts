// Paired differences in accuracy: of two models, and of the best of six to the others.

import { openRandom, type Random } from '../../src/base/index.ts'
import { findTies, pairedDifference } from '../../src/evaluate/index.ts'
import { holds, type Setting, type Simulation } from './simulation.ts'
import { drawPatches, drawSizes, drawSlide, slideModel, squash } from './slideModel.ts'

/** Models that shift slides in ways of their own; `gaps` is by how much each separates the classes better than the rest. */
export function drawModels(random: Random, sizes: readonly number[], gaps: readonly number[]) {
  const others: number[][] = gaps.map(() => [])
  const { labels, slides } = drawPatches(sizes, () => {
    const slide = drawSlide(random, slideModel)
    const shifts = gaps.map(() => slide.shift + 0.4 * random.normal())
    return () => {
      const label = random.uniform() < slide.prevalence ? 1 : 0
      const side = label ? slide.separation : -slide.separation
      const noise = 0.8 * random.normal()
      gaps.forEach((gap, i) => {
        others[i].push(squash(2 * (shifts[i] + (1 + gap) * side + noise + 0.6 * random.normal())))
      })
      return { label, probability: 0 }
    }
  })
  return { labels, slides, models: others.map((model) => Float32Array.from(model)) }
}

const sizesOf = (random: Random, { slides, dominant }: Setting) =>
  drawSizes(random, slideModel, slides, dominant)

export const differences: Simulation = {
  name: 'differences',
  columns: ['alike: covered', 'p < 0.05', 'a better: covered', 'p < 0.05', 'interval and p at odds'],
  prepare(seed) {
    const compare = (random: Random, sizes: readonly number[], gap: number) => {
      const { models, ...patches } = drawModels(random, sizes, [gap, 0])
      return pairedDifference({ ...patches, a: models[0], b: models[1] })
    }
    // each patch of a slide of its own
    const truth = compare(openRandom(seed, 'gap'), Array(200_000).fill(1), 0.2).difference.value
    const judgeOne = (random: Random, setting: Setting, gap: number, truth: number) => {
      const { difference, p } = compare(random, sizesOf(random, setting), gap)
      return { covered: holds(difference, truth), p, atOdds: holds(difference, 0) === p < 0.05 }
    }
    return {
      truth: `0 and ${truth.toFixed(3)}`,
      judge(random, setting) {
        const [alike, better] = [judgeOne(random, setting, 0, 0), judgeOne(random, setting, 0.2, truth)]
        return [alike.covered, alike.p < 0.05, better.covered, better.p < 0.05, alike.atOdds || better.atOdds]
      },
    }
  },
}

const accuracyOf = (labels: Uint8Array, model: Float32Array) =>
  model.reduce((right, p, i) => right + Number(p >= 0.5 === (labels[i] === 1)), 0)

// The best by the patches that it is then compared on, or by those of other slides, and its differences to the others.
function compareBest(random: Random, setting: Setting, gaps: readonly number[], chosenOn: 'same' | 'other') {
  const drawn = drawModels(random, sizesOf(random, setting), gaps)
  const judged = chosenOn === 'same' ? drawn : drawModels(random, sizesOf(random, setting), gaps)
  const accuracies = judged.models.map((model) => accuracyOf(judged.labels, model))
  const best = accuracies.indexOf(Math.max(...accuracies))
  const { models, ...patches } = drawn
  return models.flatMap((model, i) =>
    i === best ? [] : [{ i, best, ...pairedDifference({ ...patches, a: models[best], b: model }) }],
  )
}

export const ties: Simulation = {
  name: 'ties',
  columns: [
    'any told apart, chosen on the same patches',
    'without correction',
    'Holm over differences alone',
    'any told apart, chosen on others',
    'one worse: told apart',
  ],
  prepare() {
    const six = Array(6).fill(0)
    const isTold = (found: readonly { readonly tied: boolean }[]) => found.some(({ tied }) => !tied)
    return {
      truth: 'six alike models, so that none should be told apart; last, one that is worse by 0.12',
      judge(random, setting) {
        const same = compareBest(random, setting, six, 'same')
        const other = compareBest(random, setting, six, 'other')
        const one = compareBest(random, setting, [...six.slice(1), -0.5], 'same')
        return [
          isTold(findTies(same)),
          same.some(({ p }) => p < 0.05),
          isTold(findTies(same, { chosenOn: 'other' })),
          isTold(findTies(other, { chosenOn: 'other' })),
          findTies(one).some(({ i, tied }) => i === 5 && !tied),
        ]
      },
    }
  },
}
