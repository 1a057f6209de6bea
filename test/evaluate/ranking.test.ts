import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/index.ts'
import { makePredictions } from './patches.ts'

const curveOf = (labels: readonly number[], probabilities: readonly number[]) =>
  evaluate({ labels: Uint8Array.from(labels), probabilities: Float32Array.from(probabilities), seed: 0 })
    .precisionRecall

describe('the precision-recall curve', () => {
  it('goes through the ends of ties, from the first tumour patch that is found to all patches', () => {
    // .875 tumour; .5 tumour and normal; .25 normal, at which recall does not rise; .125 tumour
    expect(curveOf([1, 1, 0, 0, 1], [0.875, 0.5, 0.5, 0.25, 0.125])).toEqual({
      recall: [1 / 3, 2 / 3, 1],
      precision: [1, 2 / 3, 3 / 5],
    })
  })

  it('is empty where a class is missing', () => {
    expect(curveOf([1, 1], [0.5, 0.25])).toEqual({ recall: [], precision: [] })
    expect(curveOf([0, 0], [0.5, 0.25])).toEqual({ recall: [], precision: [] })
  })

  it('keeps at most 200 points whose steps add up to nearly the average precision', () => {
    const { precisionRecall, auprc } = evaluate({ ...makePredictions(20_000, 5), seed: 0 })
    const { recall, precision } = precisionRecall
    expect(recall.length).toBeLessThanOrEqual(200)
    expect(recall.length).toBeGreaterThan(100)
    expect(recall).toEqual([...recall].sort((a, b) => a - b))
    expect(recall.at(-1)).toBe(1)
    const steps = recall.reduce((sum, r, i) => sum + (r - (recall[i - 1] ?? 0)) * precision[i], 0)
    expect(steps).toBeCloseTo(auprc!.value, 2)
  })
})
