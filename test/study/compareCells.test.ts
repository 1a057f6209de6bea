import { describe, expect, it } from 'vitest'
import { compareCells } from '../../src/study/steps/compareCells.ts'

describe('compareCells', () => {
  const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 2)
  const right = Float32Array.from(labels)
  const wrong = right.map((probability) => 1 - probability)
  const half = right.map((probability, i) => (i < 20 ? probability : 1 - probability))
  const slides = Array.from(labels, (_, i) => `${i % 5}`)
  const truth = { labels, slides, centers: null, patients: null }

  const thresholds = { val: 0.5, test: 0.5 }
  const cellOf = (val: Float32Array, test: Float32Array) => ({ probabilities: { val, test }, thresholds })

  it('holds the chosen cell against every other on val, and on test where it has labels', () => {
    const cells = {
      worse: cellOf(half, half),
      chosen: cellOf(right, wrong),
      same: cellOf(right, right),
    }
    const compared = compareCells('chosen', cells, { val: truth, test: truth })
    expect(compared.map(({ cell }) => cell)).toEqual(['worse', 'same'])
    expect(compared[0].val.difference.value).toBe(0.5)
    expect(compared[0].val.p).toBeLessThan(0.05)
    expect(compared[0].test?.difference.value).toBe(-0.5)
    expect(compared[1].val).toMatchObject({ difference: { value: 0 }, p: 1, slides: 5 })
    const withheld = compareCells('chosen', cells, { val: truth, test: { ...truth, labels: null } })
    expect(withheld.map(({ test }) => test)).toEqual([null, null])
  })

  it('judges each cell at its own thresholds', () => {
    const low = right.map((probability) => 0.4 * probability)
    const cells = {
      chosen: { ...cellOf(low, low), thresholds: { val: 0.3, test: 0.5 } },
      other: cellOf(low, low),
    }
    const [{ val, test }] = compareCells('chosen', cells, { val: truth, test: truth })
    expect([val.difference.value, test?.difference.value]).toEqual([0.5, 0])
  })

  it('has nothing to say of a single cell', () => {
    expect(compareCells('only', { only: cellOf(right, right) }, { val: truth })).toEqual([])
  })
})
