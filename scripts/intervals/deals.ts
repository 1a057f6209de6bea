// Paired differences over several deals of the same source images, as scripts/scoreDeals.ts makes them: patches of one image
// come again under another deal, and intervals leave out images. What a deal itself does to a model, trained anew on other
// images, they do not see.

import { openRandom, type Random } from '../../src/base/index.ts'
import { pairedDifference } from '../../src/evaluate/index.ts'
import { holds, type Simulation } from './simulation.ts'
import { drawSlide, slideModel, squash } from './slideModel.ts'

const dealCount = 5
const patchesOfSource = 25

interface Drawn {
  readonly labels: Uint8Array
  readonly slides: readonly string[]
  readonly models: readonly [Float32Array, Float32Array]
}

/**
 * Two models on deals, each a list of sources; every other source is tumour. `gap` is by how much the first separates the classes
 * better. How well a model does differs by source, and by deal with standard deviation `spread`.
 */
function drawDeals(
  random: Random,
  deals: readonly (readonly number[])[],
  { gap, spread, patches = patchesOfSource }: { gap: number; spread: number; patches?: number },
): Drawn {
  const drawSource = () => ({
    ...drawSlide(random, slideModel),
    own: [0, 1].map(() => 0.4 * random.normal()),
  })
  const sources = new Map([...new Set(deals.flat())].map((source) => [source, drawSource()]))
  const rows = deals.flatMap((dealt) => {
    const gains = [gap, 0].map((own) => own + spread * random.normal())
    return dealt.flatMap((source) => {
      const { shift, separation, own } = sources.get(source)!
      const label = source % 2
      return Array.from({ length: patches }, () => {
        const noise = 0.8 * random.normal()
        const scores = gains.map((gain, i) => {
          const side = (1 + gain) * (label ? separation : -separation)
          return squash(2 * (shift + own[i] + side + noise + 0.6 * random.normal()))
        })
        return { label, source: `${source}`, scores }
      })
    })
  })
  const modelOf = (i: number) => Float32Array.from(rows, ({ scores }) => scores[i])
  return {
    labels: Uint8Array.from(rows, ({ label }) => label),
    slides: rows.map(({ source }) => source),
    models: [modelOf(0), modelOf(1)],
  }
}

// A fifth of the images of each class, anew for each deal.
function dealSources(random: Random, sources: number): number[][] {
  return Array.from({ length: dealCount }, () =>
    [0, 1].flatMap((label) =>
      Array.from(random.permutation(sources / 2).subarray(0, sources / 10), (i) => 2 * i + label),
    ),
  )
}

const compare = ({ models: [a, b], ...patches }: Drawn) => pairedDifference({ ...patches, a, b })
// The second lets differences vary from deal to deal about as much as those of docs/evaluate.md do.
const spreads = [0, 0.17]

// Standard deviation of the difference in accuracy from deal to deal.
function measureSpread({ labels, models }: Drawn): number {
  const size = labels.length / dealCount
  const gains = Array.from({ length: dealCount }, (_, deal) => {
    const isRight = (model: Float32Array, row: number) => Number(model[row] >= 0.5 === (labels[row] === 1))
    let gain = 0
    for (let row = deal * size; row < (deal + 1) * size; row++)
      gain += isRight(models[0], row) - isRight(models[1], row)
    return gain / size
  })
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / dealCount
  return Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / (dealCount - 1))
}

export const deals: Simulation = {
  name: 'deals',
  columns: spreads.flatMap((spread) =>
    ['alike: covered', 'p < 0.05', 'from deal to deal (SD)', 'a better: covered', 'p < 0.05'].map(
      (column) => `${spread === 0 ? 'deals alike' : 'deals differ'}, ${column}`,
    ),
  ),
  settings: [{ slides: 20 }, { slides: 40 }, { slides: 80 }],
  prepare(seed, endless = 100_000) {
    // Each image dealt once, alone.
    const alone = Array.from({ length: endless }, (_, source) => [source])
    const truths = spreads.map(
      (spread) =>
        compare(drawDeals(openRandom(seed, 'gap', spread), alone, { gap: 0.2, spread, patches: 2 }))
          .difference.value,
    )
    return {
      truth: `0; ${truths.map((truth) => truth.toFixed(3)).join(' and ')}; rows are source images, a fifth of them in each of ${dealCount} deals`,
      judge: (random, { slides }) =>
        spreads.flatMap((spread, i) =>
          [0, 0.2].flatMap((gap) => {
            const drawn = drawDeals(random, dealSources(random, slides), { gap, spread })
            const { difference, p } = compare(drawn)
            const covered = holds(difference, gap === 0 ? 0 : truths[i])
            return gap === 0 ? [covered, p < 0.05, measureSpread(drawn)] : [covered, p < 0.05]
          }),
        ),
    }
  },
}
