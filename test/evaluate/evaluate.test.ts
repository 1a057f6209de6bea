import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { evaluate, summarize } from '../../src/evaluate/index.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

const labels = Uint8Array.of(1, 1, 0, 1, 0, 0)
const probabilities = Float32Array.of(0.875, 0.75, 0.75, 0.25, 0.25, 0.125)

describe('evaluate on six patches worked out by hand', () => {
  const evaluation = evaluate({ labels, probabilities, seed: 0, resamples: 200 })

  it('counts calls at the threshold as tumour', () => {
    expect(evaluation.confusion).toEqual({ tp: 2, fp: 1, tn: 2, fn: 1 })
    expect(evaluate({ labels, probabilities, threshold: 0.75, seed: 0, resamples: 1 }).confusion.tp).toBe(2)
    expect(evaluate({ labels, probabilities, threshold: 0.76, seed: 0, resamples: 1 }).confusion.tp).toBe(1)
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

  it('measures the calibration error over fifteen bins', () => {
    // bins: {.875}, {.75 .75} half tumour, {.25 .25} half tumour, {.125}
    expect(evaluation.calibrationError.value).toBeCloseTo((0.125 + 0.5 + 0.5 + 0.125) / 6, 12)
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

  it('resamples patches where slides are not known', () => {
    expect(evaluation.resampled).toBe('patches')
    expect(evaluation.slides).toBeNull()
    expect(evaluation.byCenter).toEqual({})
    expect(evaluation.bySlide).toEqual({})
  })
})

describe('summarize', () => {
  it('gives the figures of evaluate without intervals', () => {
    const patches = makePredictions(200, 5)
    const { auroc, auprc, accuracy, f1 } = evaluate({ ...patches, threshold: 0.4, seed: 0, resamples: 1 })
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
          const evaluation = evaluate({ labels: truth, probabilities: scores, seed: 0, resamples: 1 })
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
    const wanted = evaluate({ ...patches, seed: 5, resamples: 50 })
    const withoutSlides = evaluate({ ...patches, slides: null, seed: 5, resamples: 50 })
    for (let seed = 0; seed < 5; seed++) {
      const shuffled = shufflePredictions(patches, seed)
      expect(JSON.stringify(evaluate({ ...shuffled, seed: 5, resamples: 50 }))).toBe(JSON.stringify(wanted))
      expect(JSON.stringify(evaluate({ ...shuffled, slides: null, seed: 5, resamples: 50 }))).toBe(
        JSON.stringify(withoutSlides),
      )
    }
  })

  it('gives the same interval for the same seed and another for another', () => {
    const patches = makePredictions(300, 9)
    const interval = (seed: number) => evaluate({ ...patches, seed, resamples: 100 }).auroc
    expect(interval(1)).toEqual(interval(1))
    expect(interval(1)).not.toEqual(interval(2))
  })

  it('scores each center as if it were alone, and each slide', () => {
    const patches = makePredictions(600, 12)
    const evaluation = evaluate({ ...patches, seed: 0, resamples: 20 })
    expect(Object.keys(evaluation.byCenter)).toEqual(['center 0', 'center 1', 'center 2'])
    const rows = patches.centers.flatMap((center, row) => (center === 'center 1' ? [row] : []))
    const alone = evaluate({
      labels: Uint8Array.from(rows, (row) => patches.labels[row]),
      probabilities: Float32Array.from(rows, (row) => patches.probabilities[row]),
      seed: 0,
      resamples: 20,
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

  it('resamples whole slides, which widens intervals where patches of a slide err together', () => {
    const patches = makePredictions(3000, 12)
    const width = (slides: readonly string[] | null) => {
      const { accuracy } = evaluate({ ...patches, slides, seed: 0, resamples: 300 })
      return accuracy.high - accuracy.low
    }
    expect(width(patches.slides)).toBeGreaterThan(1.5 * width(null))
  })

  it('falls back to patches where a group has one slide, and says so', () => {
    const patches = makePredictions(200, 3)
    const evaluation = evaluate({ ...patches, seed: 0, resamples: 50 })
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
      resamples: 5,
    })
    expect(Object.keys(evaluation.bySlide)).toEqual(['0/a', '1/a', 'b'])
    expect(evaluation.slides).toBe(3)
  })

  it('has an interval that covers the true accuracy about 95 times in 100', () => {
    let covered = 0
    for (let trial = 0; trial < 200; trial++) {
      const { labels } = makePredictions(150, 2, trial)
      const right = makePredictions(150, 2, trial + 1000).labels
      // a coin decides every call: the true accuracy is one half
      const called = Float32Array.from(right)
      const { low, high } = evaluate({ labels, probabilities: called, seed: trial, resamples: 200 }).accuracy
      if (low <= 0.5 && high >= 0.5) covered++
    }
    expect(covered).toBeGreaterThan(178)
    expect(covered).toBeLessThan(200)
  })

  it('says null, not NaN, where only one class is present', () => {
    const evaluation = evaluate({
      labels: new Uint8Array(4),
      probabilities: Float32Array.of(0.1, 0.2, 0.3, 0.9),
      seed: 0,
      resamples: 10,
    })
    const { balancedAccuracy, auroc, auprc, f1, roc } = evaluation
    expect([balancedAccuracy, auroc, auprc, f1]).toEqual([null, null, null, null])
    expect(roc).toEqual({ falsePositiveRate: [], truePositiveRate: [] })
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation)
  })

  it('thins the ROC curve to 200 points that keep both ends', () => {
    const { roc } = evaluate({ ...makePredictions(20_000, 5), seed: 0, resamples: 1 })
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
    expect(attempt({ resamples: 0 })).toThrow(/resamples/)
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
