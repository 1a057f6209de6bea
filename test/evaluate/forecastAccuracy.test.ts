import { describe, expect, it } from 'vitest'
import { DataError, openRandom } from '../../src/base/index.ts'
import { forecastAccuracy, type HeldOutCenter } from '../../src/evaluate/index.ts'

// Three centers of four patches: by hand.
const center = (name: string, labels: number[], probabilities: number[]): HeldOutCenter => ({
  center: name,
  labels: Uint8Array.from(labels),
  probabilities: Float32Array.from(probabilities),
})
const a = center('a', [1, 1, 0, 0], [0.875, 0.75, 0.125, 0.25]) // all right, mean confidence 13/16
const b = center('b', [1, 1, 0, 0], [0.875, 0.25, 0.125, 0.25]) // one wrong, 13/16
const c = center('c', [1, 0, 0, 1], [0.625, 0.625, 0.375, 0.375]) // two wrong, 10/16
const heldOut = [a, b, c]
const target = Float32Array.of(0.75, 0.625, 0.25, 0.625) // mean confidence 11/16

describe('forecasts of accuracy without labels', () => {
  const found = forecastAccuracy({ heldOut, target })

  it('take the mean accuracy of the labelled centers as what must be done better', () => {
    expect(found.meanAccuracy.accuracy.value).toBeCloseTo(0.75, 12)
    expect(found.meanAccuracy.byCenter).toEqual([
      { center: 'a', forecast: 0.625, accuracy: 1 },
      { center: 'b', forecast: 0.75, accuracy: 0.75 },
      { center: 'c', forecast: 0.875, accuracy: 0.5 },
    ])
    expect(found.meanAccuracy.expectedError).toBeCloseTo(0.75 / 3, 12)
  })

  it('change it by the difference of confidences', () => {
    const { accuracy, byCenter, expectedError } = found.differenceOfConfidences
    // accuracies are 3/4 in the mean, confidences 12/16, the target's 11/16
    expect(accuracy.value).toBeCloseTo(11 / 16, 12)
    // center c from a and b: 7/8 + 10/16 - 13/16
    expect(byCenter.map(({ forecast }) => forecast)).toEqual([
      expect.closeTo(5 / 8 + 13 / 16 - 23 / 32, 12),
      expect.closeTo(3 / 4 + 13 / 16 - 23 / 32, 12),
      expect.closeTo(11 / 16, 12),
    ])
    expect(expectedError).toBeLessThan(found.meanAccuracy.expectedError!)
  })

  it('or count confidences above that of which as many are right', () => {
    // of a and b, 7/8 of confidences are at least .75, the last that 7/8 reach; of c none is
    const { byCenter } = found.thresholdedConfidence
    expect(byCenter[2]).toEqual({ center: 'c', forecast: 0, accuracy: 0.5 })
    // of all, 2/3 are at least .75 and all at least .625: the last with 3/4
    expect(found.thresholdedConfidence.accuracy.value).toBe(1)
  })

  it("bounds the mean's error as a new observation of a normal sample is bounded", () => {
    const { value, low, high } = found.meanAccuracy.accuracy
    // accuracies 1, .75, .5: variance 1/16, a fourth differs from their mean by 4/3 of it; t with 2 degrees
    const half = 4.302652729911275 * Math.sqrt((1 / 16) * (4 / 3))
    expect(low).toBeCloseTo(Math.max(0, value - half), 9)
    expect(high).toBeCloseTo(Math.min(1, value + half), 9)
    const wide = forecastAccuracy({
      heldOut: [a, a, a].map((own, i) => ({ ...own, center: `${i}` })),
      target,
    })
    // alike centers do not make the accuracy of four patches certain
    expect(wide.meanAccuracy.accuracy.low).toBeLessThan(0.9)
  })

  it('know no error with a single labelled center', () => {
    const { accuracy, expectedError, byCenter } = forecastAccuracy({
      heldOut: [b],
      target,
    }).differenceOfConfidences
    expect(accuracy).toEqual({ value: 0.75 - 2 / 16, low: 0, high: 1 })
    expect(expectedError).toBeNull()
    expect(byCenter).toEqual([{ center: 'b', forecast: null, accuracy: 0.75 }])
  })

  it('do not depend on the order of centers or rows, or on names', () => {
    const shuffled = [c, a, b].map((own) => ({
      ...own,
      labels: own.labels.toReversed(),
      probabilities: own.probabilities.toReversed(),
    }))
    expect(forecastAccuracy({ heldOut: shuffled, target: target.toReversed() })).toEqual(found)
    const renamed = heldOut.map((own, i) => ({ ...own, center: `${9 - i}` }))
    const { accuracy, expectedError } = forecastAccuracy({ heldOut: renamed, target }).thresholdedConfidence
    expect({ accuracy, expectedError }).toEqual({
      accuracy: found.thresholdedConfidence.accuracy,
      expectedError: found.thresholdedConfidence.expectedError,
    })
  })

  it('see a drop where a model is less sure at its target, which the mean cannot', () => {
    const random = openRandom(1, 'forecast')
    // calibrated at every center, but one tells the classes apart less well
    const draw = (name: string, spread: number) => {
      const logits = Array.from({ length: 2000 }, () => spread * random.normal())
      const probabilities = logits.map((logit) => 1 / (1 + Math.exp(-logit)))
      return center(
        name,
        probabilities.map((p) => Number(random.uniform() < p)),
        probabilities,
      )
    }
    const known = [draw('0', 3), draw('1', 2.5), draw('2', 3.5), draw('3', 2)]
    const hard = draw('4', 1)
    const truth =
      hard.labels.filter((label, i) => hard.probabilities[i] >= 0.5 === (label === 1)).length / 2000
    const forecasts = forecastAccuracy({ heldOut: known, target: hard.probabilities })
    const miss = ({ accuracy }: { accuracy: { value: number } }) => Math.abs(accuracy.value - truth)
    expect(miss(forecasts.meanAccuracy)).toBeGreaterThan(0.1)
    expect(miss(forecasts.differenceOfConfidences)).toBeLessThan(0.03)
    expect(miss(forecasts.thresholdedConfidence)).toBeLessThan(miss(forecasts.meanAccuracy))
    const { low, high } = forecasts.differenceOfConfidences.accuracy
    expect(low).toBeLessThan(truth)
    expect(high).toBeGreaterThan(truth)
  })

  it('refuse no centers, a center twice, no patches and what is no probability', () => {
    expect(() => forecastAccuracy({ heldOut: [], target })).toThrow(DataError)
    expect(() => forecastAccuracy({ heldOut: [a, a], target })).toThrow(/each once.*center a twice/s)
    expect(() => forecastAccuracy({ heldOut, target: new Float32Array() })).toThrow(/at least one patch/)
    expect(() => forecastAccuracy({ heldOut, target: Float32Array.of(2) })).toThrow(/0 to 1/)
  })
})
