// How accurate a cell may be on the centers of test: from the held-out centers, by center, without a label of test.

import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { forecastAccuracy } from '../../src/evaluate/index.ts'
import { describeForecasts } from '../../src/runs/index.ts'
import { forecastCenters } from '../../src/study/forecastCenters.ts'

// Patches of several centers, mixed: probabilities that are right and sure by `sharpness`.
function draw(centers: Readonly<Record<string, number>>, each = 200) {
  const random = openRandom(4, 'forecasts')
  const names = Array.from({ length: each }, () => Object.keys(centers)).flat()
  const labels = Uint8Array.from(names, () => random.integer(2))
  const probabilities = Float32Array.from(
    names,
    (name, row) => 1 / (1 + Math.exp(-(centers[name] * (2 * labels[row] - 1) + 1.5 * random.normal()))),
  )
  return { names, labels, probabilities }
}

const select = ({ names, labels, probabilities }: ReturnType<typeof draw>, wanted: string) => {
  const rows = [...names.keys()].filter((row) => names[row] === wanted)
  return {
    center: wanted,
    labels: Uint8Array.from(rows, (row) => labels[row]),
    probabilities: Float32Array.from(rows, (row) => probabilities[row]),
  }
}

const known = draw({ 0: 3, 1: 2, 3: 2.5 })
const test = draw({ 2: 1, 5: 4 })
const heldOut = {
  truth: { labels: known.labels, centers: known.names, slides: null, patients: null },
  probabilities: known.probabilities,
  threshold: { 0: 0.5, 1: 0.4, 3: 0.6 },
}
const target = { centers: test.names, probabilities: test.probabilities, threshold: 0.5 }

describe('forecasts of a cell', () => {
  it('are those of each test center by itself, with the held-out centers at thresholds of their own', () => {
    const forecasts = forecastCenters(heldOut, target)
    expect(forecasts.map(({ center, patches }) => [center, patches])).toEqual([
      ['2', 200],
      ['5', 200],
    ])
    const parts = (['0', '1', '3'] as const).map((center) => ({
      ...select(known, center),
      threshold: heldOut.threshold[center],
    }))
    for (const { center, methods } of forecasts)
      expect(methods).toEqual(
        forecastAccuracy({ heldOut: parts, target: select(test, center!).probabilities }),
      )
    const [hard, easy] = forecasts.map(({ methods }) => methods.differenceOfConfidences.accuracy.value)
    expect(easy).toBeGreaterThan(hard + 0.05)
  })

  it('are of all test patches together where these name no center', () => {
    const [only, ...others] = forecastCenters(heldOut, { ...target, centers: null })
    expect(others).toEqual([])
    expect(only).toMatchObject({ center: null, patches: 400 })
  })

  it('are of one ground where labelled patches name no center either', () => {
    const ground = {
      ...heldOut,
      truth: { ...heldOut.truth, centers: null },
      threshold: 0.5,
      isVal: true as const,
    }
    const [first] = forecastCenters(ground, target)
    expect(first).toMatchObject({ center: '2', byVal: true })
    expect(first.methods.meanAccuracy).toMatchObject({ expectedError: null, accuracy: { low: 0, high: 1 } })
  })

  it('are said with how far they were off, and where they are no better than a mean', () => {
    const accuracy = { value: 0.831, low: 0.7, high: 0.962 }
    const byCenter = ['0', '1', '3'].map((center) => ({ center, forecast: 0.8, accuracy: 0.83 }))
    const say = (own: number | null, plain: number | null, byVal?: true) => {
      const method = (expectedError: number | null) => ({ accuracy, expectedError, byCenter })
      const methods = {
        meanAccuracy: method(plain),
        differenceOfConfidences: method(own),
        thresholdedConfidence: method(own),
      }
      return describeForecasts({ forecasts: [{ center: '2', patches: 200, methods, byVal }] } as never)[0]
    }
    expect(say(0.031, 0.05)).toMatch(
      /Expected accuracy on center 2, .* without a label of it: 83\.1 % \(95 % interval 70\.0 to 96\.2\)\. For the held-out centers the same forecast was off by 3\.1 points in the mean; taking the mean accuracy of the other centers, by 5\.0\./,
    )
    expect(say(0.06, 0.05)).toContain(
      'no better than taking the mean accuracy of the other centers, which was off by 5.0.',
    )
    expect(say(null, null)).toContain('is not known: one held-out center cannot tell it.')
    expect(say(null, null, true)).toContain(
      'is not known: one validation center cannot tell it. It rests on validation, which also stopped the training and chose the cell.',
    )
    expect(say(0.03, 0.05, true)).toMatch(/For the validation centers .* It rests on validation/)
    expect(describeForecasts({})).toEqual([])
  })
})
