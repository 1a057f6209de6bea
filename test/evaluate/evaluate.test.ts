import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawPredictions, drawSizes, slideModel } from '../../scripts/intervals/slideModel.ts'
import { DataError, openRandom } from '../../src/base/index.ts'
import { evaluate, summarize } from '../../src/evaluate/index.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

const labels = Uint8Array.of(1, 1, 0, 1, 0, 0)
const probabilities = Float32Array.of(0.875, 0.75, 0.75, 0.25, 0.25, 0.125)

describe('evaluate on six patches worked out by hand', () => {
  const evaluation = evaluate({ labels, probabilities, seed: 0 })

  it('counts calls at the threshold as tumour', () => {
    expect(evaluation.confusion).toEqual({ tp: 2, fp: 1, tn: 2, fn: 1 })
    expect(evaluate({ labels, probabilities, threshold: 0.75, seed: 0 }).confusion.tp).toBe(2)
    expect(evaluate({ labels, probabilities, threshold: 0.76, seed: 0 }).confusion.tp).toBe(1)
  })

  it('measures accuracy, balanced accuracy and F1', () => {
    expect(evaluation.count).toBe(6)
    expect(evaluation.positives).toBe(3)
    expect(evaluation.accuracy.value).toBeCloseTo(4 / 6, 12)
    expect(evaluation.balancedAccuracy?.value).toBeCloseTo(4 / 6, 12)
    expect(evaluation.f1?.value).toBeCloseTo(4 / 6, 12)
  })

  it('counts half a pair for each tie in AUROC', () => {
    // pairs won: .875 beats 3; .75 beats 2 and ties 1; .25 beats 1 and ties 1
    expect(evaluation.auroc?.value).toBe((3 + 2.5 + 1.5) / 9)
  })

  it('takes precision at the end of each tie in AUPRC', () => {
    // recall steps of 1/3 at precisions 1/1, 2/3, 3/5
    expect(evaluation.auprc?.value).toBeCloseTo((1 + 2 / 3 + 3 / 5) / 3, 12)
  })

  it('measures the calibration error over fifteen bins, less what leaving patches out shows to be chance', () => {
    // bins: {.875}, {.75 .75} half tumour, {.25 .25} half tumour, {.125}: squared errors of their patches
    const [outer, inner] = [0.125 ** 2, 0.25 ** 2]
    const squared = (2 * outer + 4 * inner) / 6
    // one outer patch left out; or one inner, of which one of two leaves (0.25)^2 behind and the other (0.75)^2
    const left = [
      (outer + 4 * inner) / 5,
      (2 * outer + 2 * inner + 0.25 ** 2) / 5,
      (2 * outer + 2 * inner + 0.75 ** 2) / 5,
    ]
    const mean = (left[0] + left[1] + left[2]) / 3
    expect(6 * squared - 5 * mean).toBeLessThan(0)
    expect(evaluation.calibrationError).toMatchObject({ value: 0, low: 0 })
    expect(evaluation.calibrationError.high).toBeGreaterThan(0.1)
    expect(evaluation.reliability).toEqual([
      { meanProbability: 0.125, tumourShare: 0, count: 1 },
      { meanProbability: 0.25, tumourShare: 0.5, count: 2 },
      { meanProbability: 0.75, tumourShare: 0.5, count: 2 },
      { meanProbability: 0.875, tumourShare: 1, count: 1 },
    ])
  })

  it('traces the ROC curve through the ties', () => {
    expect(evaluation.roc).toEqual({
      falsePositiveRate: [0, 0, 1 / 3, 2 / 3, 1],
      truePositiveRate: [0, 1 / 3, 2 / 3, 1, 1],
    })
  })

  it('leaves out patches where slides are not known', () => {
    expect(evaluation.resampled).toBe('patches')
    expect(evaluation.slides).toBeNull()
    expect(evaluation.byCenter).toEqual({})
    expect(evaluation.bySlide).toEqual({})
  })
})

describe('summarize', () => {
  it('gives the figures of evaluate without intervals', () => {
    const patches = makePredictions(200, 5)
    const { auroc, auprc, accuracy, f1 } = evaluate({ ...patches, threshold: 0.4, seed: 0 })
    const figures = summarize({ ...patches, threshold: 0.4 })
    expect([figures.auroc, figures.auprc]).toEqual([auroc?.value, auprc?.value])
    expect([figures.accuracy, figures.f1]).toEqual([accuracy.value, f1?.value])
  })
})

describe('evaluate', () => {
  it('agrees with counting all pairs and thresholds one by one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 8 })), { minLength: 1 }),
        (patches) => {
          const truth = Uint8Array.from(patches, ([label]) => label)
          const scores = Float32Array.from(patches, ([, eighths]) => eighths / 8)
          const evaluation = evaluate({ labels: truth, probabilities: scores, seed: 0 })
          expect(evaluation.auroc?.value ?? null).toEqual(countPairs(truth, scores))
          const precision = averagePrecision(truth, scores)
          if (precision === null) expect(evaluation.auprc).toBeNull()
          else expect(evaluation.auprc?.value).toBeCloseTo(precision, 12)
        },
      ),
    )
  })

  it('gives the same bits whatever the order of rows', () => {
    const patches = makePredictions(900, 17)
    const wanted = evaluate({ ...patches, seed: 5 })
    const withoutSlides = evaluate({ ...patches, slides: null, seed: 5 })
    for (let seed = 0; seed < 5; seed++) {
      const shuffled = shufflePredictions(patches, seed)
      expect(JSON.stringify(evaluate({ ...shuffled, seed: 5 }))).toBe(JSON.stringify(wanted))
      expect(JSON.stringify(evaluate({ ...shuffled, slides: null, seed: 5 }))).toBe(
        JSON.stringify(withoutSlides),
      )
    }
  })

  it('needs its seed only to deal many patches into lots, which makes little difference', () => {
    const patches = makePredictions(600, 9)
    const interval = (seed: number, slides: readonly string[] | null) =>
      evaluate({ ...patches, slides, seed }).auroc!
    expect(interval(1, patches.slides)).toEqual(interval(2, patches.slides))
    const [one, two] = [interval(1, null), interval(2, null)]
    expect(interval(1, null)).toEqual(one)
    expect(one).not.toEqual(two)
    expect(Math.abs((one.high - one.low) / (two.high - two.low) - 1)).toBeLessThan(0.2)
  })

  it('scores each center as if it were alone, and each slide', () => {
    const patches = makePredictions(600, 12)
    const evaluation = evaluate({ ...patches, seed: 0 })
    expect(Object.keys(evaluation.byCenter)).toEqual(['center 0', 'center 1', 'center 2'])
    const rows = patches.centers.flatMap((center, row) => (center === 'center 1' ? [row] : []))
    const alone = evaluate({
      labels: Uint8Array.from(rows, (row) => patches.labels[row]),
      probabilities: Float32Array.from(rows, (row) => patches.probabilities[row]),
      seed: 0,
    })
    const center = evaluation.byCenter['center 1']
    expect(center.count).toBe(rows.length)
    expect(center.slides).toBe(4)
    expect(center.confusion).toEqual(alone.confusion)
    expect(center.auroc?.value).toBe(alone.auroc?.value)
    const slides = Object.values(evaluation.bySlide)
    expect(slides).toHaveLength(12)
    expect(slides.reduce((sum, slide) => sum + slide.count, 0)).toBe(600)
    const right = slides.reduce((sum, slide) => sum + slide.accuracy * slide.count, 0)
    expect(right / 600).toBeCloseTo(evaluation.accuracy.value, 12)
  })

  it('leaves out whole slides, which widens intervals where patches of a slide err together', () => {
    const patches = makePredictions(3000, 12)
    const width = (slides: readonly string[] | null) => {
      const { accuracy } = evaluate({ ...patches, slides, seed: 0 })
      return accuracy.high - accuracy.low
    }
    expect(width(patches.slides)).toBeGreaterThan(1.5 * width(null))
  })

  it('falls back to patches where a group has one slide, and says so', () => {
    const patches = makePredictions(200, 3)
    const evaluation = evaluate({ ...patches, seed: 0 })
    expect(evaluation.resampled).toBe('slides')
    const { resampled, slides, accuracy } = evaluation.byCenter['center 0']
    expect({ resampled, slides }).toEqual({ resampled: 'patches', slides: 1 })
    expect(accuracy.high).toBeGreaterThan(accuracy.low)
  })

  it('tells slides of one name in two centers apart', () => {
    const evaluation = evaluate({
      labels: Uint8Array.of(1, 0, 1),
      probabilities: Float32Array.of(1, 0, 0.5),
      centers: ['0', '1', '1'],
      slides: ['a', 'a', 'b'],
      seed: 0,
    })
    expect(Object.keys(evaluation.bySlide)).toEqual(['0/a', '1/a', 'b'])
    expect(evaluation.slides).toBe(3)
  })

  it('gives the interval of the log odds that leaving out each slide by hand gives', () => {
    // Four slides of ten patches with 9, 8, 8 and 5 right calls; all tumour, so that calls are all that counts.
    const right = [9, 8, 8, 5]
    const slides = right.flatMap((_, slide) => Array(10).fill(`${slide}`))
    const probabilities = Float32Array.from(
      right.flatMap((n) => [...Array(n).fill(1), ...Array(10 - n).fill(0)]),
    )
    const { accuracy } = evaluate({ labels: new Uint8Array(40).fill(1), probabilities, slides, seed: 0 })
    const logOdds = (share: number) => Math.log(share / (1 - share))
    const left = [21, 22, 22, 25].map((n) => logOdds(n / 30))
    const mean = left.reduce((sum, odds) => sum + odds, 0) / 4
    const error = Math.sqrt((3 / 4) * left.reduce((sum, odds) => sum + (odds - mean) ** 2, 0))
    const half = 3.182446305284263 * error // Student's t with 3 degrees of freedom
    const squash = (odds: number) => 1 / (1 + Math.exp(-odds))
    expect(accuracy.value).toBe(0.75)
    expect(accuracy.low).toBeCloseTo(squash(logOdds(0.75) - half), 9)
    expect(accuracy.high).toBeCloseTo(squash(logOdds(0.75) + half), 9)
  })

  it('has intervals that hold the truth where slides are few and differ', () => {
    // Percentiles of a bootstrap over slides hold these truths in 80 of 100 cases: scripts/simulateIntervals.ts
    const truth = { accuracy: 0.85, balancedAccuracy: 0.85, auroc: 0.929 }
    const covered = { accuracy: 0, balancedAccuracy: 0, auroc: 0 }
    const names = Object.keys(truth) as (keyof typeof truth)[]
    const trials = 200
    for (let trial = 0; trial < trials; trial++) {
      const random = openRandom(trial, 'coverage')
      const sizes = drawSizes(random, slideModel, 5 + (trial % 2) * 5, trial % 4 === 3)
      const found = evaluate({ ...drawPredictions(random, slideModel, sizes), seed: 0 })
      for (const name of names) {
        const { low, high } = found[name]!
        if (low <= truth[name] && truth[name] <= high) covered[name]++
      }
    }
    for (const name of names) expect(covered[name] / trials, name).toBeGreaterThan(0.9)
  })

  it('is never certain: a perfect figure has an interval, wider the less it rests on', () => {
    const perfect = (count: number, slideCount: number) => {
      const truth = Uint8Array.from({ length: count }, (_, i) => (i >> 3) % 2)
      const slides = slideCount ? Array.from(truth, (_, i) => `${i % slideCount}`) : null
      return evaluate({ labels: truth, probabilities: Float32Array.from(truth), slides, seed: 0 })
    }
    for (const found of [perfect(400, 10), perfect(400, 0), perfect(40, 3)]) {
      for (const figure of [found.accuracy, found.balancedAccuracy, found.auroc, found.auprc, found.f1]) {
        expect(figure).toMatchObject({ value: 1, high: 1 })
        expect(figure?.low).toBeLessThan(0.995)
      }
      expect(found.calibrationError.high).toBeGreaterThan(0)
    }
    expect(perfect(400, 3).accuracy.low).toBeLessThan(perfect(400, 10).accuracy.low)
    expect(perfect(400, 10).accuracy.low).toBeGreaterThan(0.95)
    // One error more is not better.
    const one = Uint8Array.from({ length: 400 }, (_, i) => (i >> 3) % 2)
    const erring = Float32Array.from(one, (label, i) => (i === 0 ? 1 - label : label))
    const slides = Array.from(one, (_, i) => `${i % 10}`)
    const { accuracy } = evaluate({ labels: one, probabilities: erring, slides, seed: 0 })
    expect(accuracy.low).toBeLessThan(perfect(400, 10).accuracy.low)
  })

  it('says nothing of a figure that a single slide decides', () => {
    const { auroc, accuracy } = evaluate({
      labels: Uint8Array.of(0, 0, 0, 0, 1, 0),
      probabilities: Float32Array.of(0.1, 0.2, 0.3, 0.2, 0.9, 0.1),
      slides: ['a', 'a', 'b', 'b', 'c', 'c'],
      seed: 0,
    })
    expect(auroc).toEqual({ value: 1, low: 0, high: 1 })
    expect(accuracy.low).toBeGreaterThan(0)
    const one = evaluate({ labels: Uint8Array.of(1), probabilities: Float32Array.of(0.7), seed: 0 })
    expect(one.accuracy).toEqual({ value: 1, low: 0, high: 1 })
  })

  it('has intervals within 0 and 1 that hold their figure, whatever the predictions', () => {
    const patch = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 4 }), fc.nat(3))
    fc.assert(
      fc.property(fc.array(patch, { minLength: 1, maxLength: 30 }), fc.boolean(), (patches, bySlide) => {
        const found = evaluate({
          labels: Uint8Array.from(patches, ([label]) => label),
          probabilities: Float32Array.from(patches, ([, quarters]) => quarters / 4),
          slides: bySlide ? patches.map(([, , slide]) => `${slide}`) : null,
          seed: 0,
        })
        const { accuracy, balancedAccuracy, auroc, auprc, f1, calibrationError } = found
        for (const figure of [accuracy, balancedAccuracy, auroc, auprc, f1, calibrationError]) {
          if (!figure) continue
          expect(figure.low).toBeGreaterThanOrEqual(0)
          expect(figure.low).toBeLessThanOrEqual(figure.value)
          expect(figure.high).toBeGreaterThanOrEqual(figure.value)
          expect(figure.high).toBeLessThanOrEqual(1)
          expect(figure.high - figure.low).toBeGreaterThan(0)
        }
      }),
    )
  })

  it('is not certain of a calibration error whose debiased square is far below 0', () => {
    const labels = Uint8Array.of(1, 1, 0, 0, 1)
    const probabilities = Float32Array.of(0.75, 0.75, 0.5, 0.75, 0.5)
    const { calibrationError } = evaluate({ labels, probabilities, slides: null, seed: 0 })
    expect(calibrationError).toMatchObject({ value: 0, low: 0 })
    expect(calibrationError.high).toBeGreaterThan(0.1)
  })

  it('finds no calibration error in a calibrated model, and the one that there is', () => {
    const random = openRandom(3, 'calibration')
    const judge = (distort: (probability: number) => number) => {
      const drawn = Array.from({ length: 500 }, () => random.uniform())
      return evaluate({
        labels: Uint8Array.from(drawn, (p) => Number(random.uniform() < p)),
        probabilities: Float32Array.from(drawn, distort),
        seed: 0,
      }).calibrationError
    }
    const trials = Array.from({ length: 40 }, () => judge((p) => p))
    // The mean absolute error over bins, which is not debiased, would be about .06 here.
    expect(trials.reduce((sum, { value }) => sum + value, 0) / 40).toBeLessThan(0.03)
    expect(trials.filter(({ low }) => low === 0).length).toBeGreaterThanOrEqual(36)
    // p for p^2: the error is the root of the mean of (p - p^2)^2, 1/30
    const wrong = judge((p) => p * p)
    expect(wrong.value).toBeCloseTo(Math.sqrt(1 / 30), 1)
    expect(wrong.low).toBeGreaterThan(0.05)
  })

  it('says null, not NaN, where only one class is present', () => {
    const evaluation = evaluate({
      labels: new Uint8Array(4),
      probabilities: Float32Array.of(0.1, 0.2, 0.3, 0.9),
      seed: 0,
    })
    const { balancedAccuracy, auroc, auprc, f1, roc } = evaluation
    expect([balancedAccuracy, auroc, auprc, f1]).toEqual([null, null, null, null])
    expect(roc).toEqual({ falsePositiveRate: [], truePositiveRate: [] })
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation)
  })

  it('thins the ROC curve to 200 points that keep both ends', () => {
    const { roc } = evaluate({ ...makePredictions(20_000, 5), seed: 0 })
    const { falsePositiveRate, truePositiveRate } = roc
    expect(falsePositiveRate.length).toBeLessThanOrEqual(200)
    expect(falsePositiveRate.length).toBeGreaterThan(100)
    expect([falsePositiveRate[0], truePositiveRate[0]]).toEqual([0, 0])
    expect([falsePositiveRate.at(-1), truePositiveRate.at(-1)]).toEqual([1, 1])
    expect(falsePositiveRate).toEqual([...falsePositiveRate].sort((a, b) => a - b))
  })

  it('refuses what is not a probability or a label, naming the row', () => {
    const attempt = (change: object) => () => evaluate({ labels, probabilities, seed: 0, ...change })
    expect(attempt({ probabilities: Float32Array.of(0, 1, Number.NaN, 0, 0, 0) })).toThrow(/row 2.*NaN/)
    expect(attempt({ probabilities: Float32Array.of(0, 1, 1.5, 0, 0, 0) })).toThrow(DataError)
    expect(attempt({ probabilities: Float32Array.of(0, -0.5, 1, 0, 0, 0) })).toThrow(DataError)
    expect(attempt({ labels: Uint8Array.of(0, 1, 0, 2, 0, 0) })).toThrow(/row 3.*0 or 1/)
    expect(attempt({ slides: ['a'] })).toThrow(/slides.*6 entries, got 1/)
    expect(attempt({ labels: new Uint8Array(), probabilities: new Float32Array() })).toThrow(/at least one/)
    expect(attempt({ threshold: Number.NaN })).toThrow(/threshold/)
  })
})

function countPairs(truth: Uint8Array, scores: Float32Array): number | null {
  let won = 0
  let pairs = 0
  truth.forEach((labelI, i) => {
    truth.forEach((labelJ, j) => {
      if (labelI !== 1 || labelJ !== 0) return
      pairs++
      won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0
    })
  })
  return pairs === 0 ? null : won / pairs
}

function averagePrecision(truth: Uint8Array, scores: Float32Array): number | null {
  const positives = truth.filter((label) => label === 1).length
  if (positives === 0 || positives === truth.length) return null
  let sum = 0
  for (const threshold of new Set(scores)) {
    const called = truth.filter((_, i) => scores[i] >= threshold)
    const precision = called.filter((label) => label === 1).length / called.length
    const gained = truth.filter((label, i) => label === 1 && scores[i] === threshold).length
    sum += precision * (gained / positives)
  }
  return sum
}
