// Thresholds that differ from center to center: figures are those of each center at its own, and no order matters.

import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import {
  callTumour,
  chooseThresholdByShare,
  chooseThresholdsByLabels,
  chooseThresholdsByShare,
  evaluate,
  pairedDifference,
  selectCell,
  summarize,
} from '../../src/evaluate/index.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

const patches = makePredictions(240, 12, 5)
const byCenter = { 'center 0': 0.25, 'center 1': 0.5, 'center 2': 0.75 }
const names = Object.keys(byCenter) as (keyof typeof byCenter)[]

function ofCenter(name: string) {
  const rows = [...patches.labels.keys()].filter((row) => patches.centers[row] === name)
  return {
    labels: Uint8Array.from(rows, (row) => patches.labels[row]),
    probabilities: Float32Array.from(rows, (row) => patches.probabilities[row]),
    centers: rows.map((row) => patches.centers[row]),
    slides: rows.map((row) => patches.slides[row]),
  }
}

describe('an evaluation at a threshold for each center', () => {
  const all = evaluate({ ...patches, threshold: byCenter, seed: 0 })

  it('judges each center at its own', () => {
    for (const name of names) {
      const own = evaluate({ ...ofCenter(name), threshold: byCenter[name], seed: 0 })
      expect(all.byCenter[name].confusion).toEqual(own.confusion)
      expect(all.byCenter[name].accuracy).toEqual(own.accuracy)
      for (const [slide, score] of Object.entries(own.bySlide)) expect(all.bySlide[slide]).toEqual(score)
    }
    const right = names.map((name) => all.byCenter[name].confusion).map(({ tp, tn }) => tp + tn)
    expect(all.accuracy.value).toBeCloseTo(right.reduce((sum, count) => sum + count) / 240, 12)
    expect(all.threshold).toEqual(byCenter)
    expect(summarize({ ...patches, threshold: byCenter }).accuracy).toBe(all.accuracy.value)
  })

  it('keeps the patches farthest from their own threshold', () => {
    const margin = (row: number) =>
      Math.abs(patches.probabilities[row] - byCenter[patches.centers[row] as 'center 0'])
    const sorted = [...patches.labels.keys()].map(margin).sort((a, b) => b - a)
    const half = all.riskCoverage.at.find(({ coverage }) => coverage === 0.5)!
    expect(half.margin).toBeCloseTo(sorted[119], 12)
  })

  it('is what it is at one number where that is the threshold of all', () => {
    const same = { 'center 0': 0.4, 'center 1': 0.4, 'center 2': 0.4 }
    const { threshold: _, ...apart } = evaluate({ ...patches, threshold: same, seed: 0 })
    const { threshold: __, ...together } = evaluate({ ...patches, threshold: 0.4, seed: 0 })
    expect(apart).toEqual(together)
  })

  it('does not depend on the order of rows', () => {
    const shuffled = evaluate({ ...shufflePredictions(patches, 3), threshold: byCenter, seed: 0 })
    expect(JSON.stringify(shuffled)).toBe(JSON.stringify(all))
  })

  it('refuses a center without a threshold, and one that is none', () => {
    const attempt = (threshold: Record<string, number>) => () => evaluate({ ...patches, threshold, seed: 0 })
    expect(attempt({ 'center 0': 0.5, 'center 1': 0.5 })).toThrow(
      'evaluate threshold, center center 2: expected a number from 0 to 1, got none',
    )
    expect(attempt({ ...byCenter, 'center 1': 2 })).toThrow(DataError)
  })

  it('is what cells are compared and chosen by', () => {
    const { probabilities, labels } = patches
    const difference = pairedDifference({
      ...patches,
      a: probabilities,
      b: probabilities,
      threshold: [byCenter, 0.5],
    })
    const plain = evaluate({ ...patches, seed: 0 }).accuracy.value
    expect(difference.difference.value).toBeCloseTo(all.accuracy.value - plain, 12)
    const candidates = [{ id: 'x', probabilities, threshold: byCenter }]
    const { ranking } = selectCell({ ...patches, labels, candidates, by: 'accuracy', rule: 'best' })
    const mean = names.reduce((sum, name) => sum + all.byCenter[name].accuracy.value, 0) / 3
    expect(ranking[0].score).toBeCloseTo(mean, 12)
  })
})

describe('calls', () => {
  it('are made at the threshold of the center, or of patches whose center is not known', () => {
    const probabilities = Float32Array.of(0.25, 0.5, 0.75)
    expect([...callTumour(probabilities, 0.5, null)]).toEqual([0, 1, 1])
    expect([...callTumour(probabilities, { '?': 0.75 }, null)]).toEqual([0, 0, 1])
    expect([...callTumour(probabilities, { 1: 0.25, 2: 0.8 }, ['1', '2', '2'])]).toEqual([1, 0, 0])
  })
})

describe('thresholds of centers by a share of tumour', () => {
  it('are those that call the share in each center, whatever the order', () => {
    const found = chooseThresholdsByShare(patches, 0.3)
    for (const name of names)
      expect(found[name]).toBe(chooseThresholdByShare(ofCenter(name).probabilities, 0.3))
    expect(chooseThresholdsByShare(shufflePredictions(patches, 4), 0.3)).toEqual(found)
  })

  it('refuse a center of fewer than 16 patches', () => {
    const few = { probabilities: new Float32Array(15).fill(0.5), centers: new Array<string>(15).fill('7') }
    expect(() => chooseThresholdsByShare(few, 0.3)).toThrow(
      'center 7: expected at least 16 patches, to choose a threshold by their share of tumour, got 15',
    )
    expect(() => chooseThresholdsByShare({ probabilities: few.probabilities }, 0.3)).toThrow(
      'patches without a center',
    )
  })

  it('are those of their own share where labels tell it, and .5 where they tell too little', () => {
    const found = chooseThresholdsByLabels(patches)
    const { labels, probabilities } = ofCenter('center 1')
    const share = labels.reduce((sum, label) => sum + label, 0) / labels.length
    expect(found['center 1']).toBe(chooseThresholdByShare(probabilities, share))
    const normal = { labels: new Uint8Array(20), probabilities: new Float32Array(20).fill(0.9) }
    expect(chooseThresholdsByLabels(normal)).toEqual({ '?': 0.5 })
    expect(
      chooseThresholdsByLabels({ labels: Uint8Array.of(0, 1), probabilities: Float32Array.of(0.8, 0.9) }),
    ).toEqual({ '?': 0.5 })
  })
})
