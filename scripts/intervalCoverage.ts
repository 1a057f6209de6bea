// How often the 95 % intervals of evaluate and pairedDifference hold the truth, where slides differ as scripts/slideModel.ts
// has it. Prints the tables of docs/evaluate.md.
// Usage: npx tsx scripts/intervalCoverage.ts [replications] [seed]

import { openRandom, type Random } from '../src/base/index.ts'
import { evaluate, pairedDifference, summarize } from '../src/evaluate/index.ts'
import { drawPatches, drawPredictions, drawSizes, drawSlide, slideModel, squash } from './slideModel.ts'

const replications = Number(process.argv[2] ?? 2000)
const seed = Number(process.argv[3] ?? 0)
const settings = [
  { slides: 5, dominant: false },
  { slides: 10, dominant: false },
  { slides: 20, dominant: false },
  { slides: 40, dominant: false },
  { slides: 10, dominant: true },
]
const figures = ['accuracy', 'balancedAccuracy', 'auroc', 'auprc', 'f1'] as const

const nameSetting = ({ slides, dominant }: (typeof settings)[number]) =>
  dominant ? `${slides}, one holding a third` : `${slides}`
const printRow = (cells: readonly (string | number)[]) =>
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(3) : cell)).join(' | ')} |`)

function printHeader(...names: readonly string[]): void {
  printRow(names)
  printRow(names.map(() => '---'))
}

// The share of replications that `judge` finds true, for each of its answers.
function judgeAll(name: string, judge: (random: Random) => readonly boolean[]): number[] {
  const counts: number[] = []
  for (let replication = 0; replication < replications; replication++) {
    judge(openRandom(seed, name, replication)).forEach((isTrue, i) => {
      counts[i] = (counts[i] ?? 0) + Number(isTrue)
    })
  }
  return counts.map((count) => count / replications)
}

const holds = (interval: { readonly low: number; readonly high: number } | null, truth: number) =>
  interval !== null && interval.low <= truth && truth <= interval.high

/** The figures of 200,000 patches, each of a slide of its own: what a hospital with endless slides would give. */
function measureTruth(): Record<(typeof figures)[number], number> {
  const { labels, probabilities } = drawPredictions(
    openRandom(seed, 'truth'),
    slideModel,
    Array(200_000).fill(1),
  )
  return summarize({ labels, probabilities }) as Record<(typeof figures)[number], number>
}

function judgeFigures(): void {
  const truth = measureTruth()
  console.log(`truth: ${figures.map((figure) => `${figure} ${truth[figure].toFixed(3)}`).join(', ')}\n`)
  printHeader('slides', 'accuracy', 'balanced accuracy', 'AUROC', 'AUPRC', 'F1')
  for (const setting of settings) {
    const name = nameSetting(setting)
    const covered = judgeAll(`figures ${name}`, (random) => {
      const sizes = drawSizes(random, slideModel, setting.slides, setting.dominant)
      const found = evaluate({ ...drawPredictions(random, slideModel, sizes), seed })
      return figures.map((figure) => holds(found[figure], truth[figure]))
    })
    printRow([name, ...covered])
  }
}

/** Calibrated but for `bias` (in log odds), though slides shift by 0.5: the probability is the mean over slides. */
function drawCalibrated(random: Random, sizes: readonly number[], bias: number) {
  const averageShift = (score: number) => {
    const shifts = Array.from({ length: 25 }, (_, i) => (i - 12) / 4)
    const weights = shifts.map((shift) => Math.exp(-(shift ** 2) / 2))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return shifts.reduce((sum, shift, i) => sum + (weights[i] / total) * squash(score + 0.5 * shift), 0)
  }
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

function judgeCalibration(): void {
  const biases = [0, 0.7]
  const truths = biases.map((bias) => {
    if (bias === 0) return 0
    const sizes = Array(200_000).fill(1)
    return evaluate({ ...drawCalibrated(openRandom(seed, 'bias'), sizes, bias), seed }).calibrationError.value
  })
  console.log(`\ncalibration error: ${truths.map((truth) => truth.toFixed(3)).join(' and ')}\n`)
  printHeader('slides', 'calibrated: mean', 'covered', 'biased: mean', 'covered')
  for (const setting of settings) {
    const name = nameSetting(setting)
    const cells = biases.flatMap((bias, i) => {
      let sum = 0
      const [covered] = judgeAll(`calibration ${name} ${bias}`, (random) => {
        const sizes = drawSizes(random, slideModel, setting.slides, setting.dominant)
        const { calibrationError } = evaluate({ ...drawCalibrated(random, sizes, bias), seed })
        sum += calibrationError.value
        return [holds(calibrationError, truths[i])]
      })
      return [sum / replications, covered]
    })
    printRow([name, ...cells])
  }
}

/** Two models that shift slides in ways of their own; `gap` is by how much a separates the classes better. */
function drawPair(random: Random, sizes: readonly number[], gap: number) {
  const second: number[] = []
  const first = drawPatches(sizes, () => {
    const slide = drawSlide(random, slideModel)
    const [shiftA, shiftB] = [0, 1].map(() => slide.shift + 0.4 * random.normal())
    return () => {
      const label = random.uniform() < slide.prevalence ? 1 : 0
      const side = label ? slide.separation : -slide.separation
      const noise = 0.8 * random.normal()
      const place = (shift: number, by: number) =>
        squash(2 * (shift + by * side + noise + 0.6 * random.normal()))
      const probability = place(shiftA, 1 + gap)
      second.push(place(shiftB, 1))
      return { label, probability }
    }
  })
  return { labels: first.labels, slides: first.slides, a: first.probabilities, b: Float32Array.from(second) }
}

function judgeDifferences(): void {
  const gaps = [0, 0.2]
  const truths = gaps.map((gap) => {
    if (gap === 0) return 0
    const { slides: _, ...pair } = drawPair(openRandom(seed, 'gap'), Array(200_000).fill(1), gap)
    return pairedDifference(pair).difference.value
  })
  console.log(`\ndifference in accuracy: ${truths.map((truth) => truth.toFixed(3)).join(' and ')}\n`)
  printHeader(
    'slides',
    'alike: covered',
    'p < 0.05',
    'a better: covered',
    'p < 0.05',
    'interval and p at odds',
  )
  for (const setting of settings) {
    const name = nameSetting(setting)
    let atOdds = 0
    const cells = gaps.flatMap((gap, i) =>
      judgeAll(`difference ${name} ${gap}`, (random) => {
        const sizes = drawSizes(random, slideModel, setting.slides, setting.dominant)
        const { difference, p } = pairedDifference(drawPair(random, sizes, gap))
        if (holds(difference, 0) === p < 0.05) atOdds++
        return [holds(difference, truths[i]), p < 0.05]
      }),
    )
    printRow([name, ...cells, `${atOdds}`])
  }
}

const error = Math.sqrt((0.95 * 0.05) / replications)
console.log(`${replications} replications: 0.950 is known to within ${error.toFixed(4)} (standard error)\n`)
judgeFigures()
judgeCalibration()
judgeDifferences()
