// What is said of a threshold and a temperature: the same sentences wherever they are said.

import { describe, expect, it } from 'vitest'
import { printThreshold } from '../../src/base/index.ts'
import { type Cell, describeDecision, describeThresholds } from '../../src/runs/browser.ts'

const cellOf = (cell: object) => ({ val: { threshold: 0.5 }, ...cell }) as unknown as Cell

describe('a threshold', () => {
  it('is said with four digits, or center by center in natural order', () => {
    expect(printThreshold(0.5)).toBe('0.5')
    expect(printThreshold(0.123456)).toBe('0.1235')
    expect(printThreshold({ 10: 0.25, 2: 0.33333, '?': 0.5 })).toBe(
      '0.5 (center not named), 0.3333 (center 2), 0.25 (center 10)',
    )
  })
})

describe('a decision', () => {
  it('is not said of a threshold that was given', () => {
    expect(describeDecision(cellOf({}))).toEqual([])
    expect(describeThresholds([cellOf({})])).toBe('')
    const temperature = { pooled: 2, byCenter: { 1: 2 } }
    expect(describeThresholds([cellOf({ decision: { rule: 'given', temperature } })])).toBe('')
  })

  it('on validation is said to be optimistic there', () => {
    const cell = cellOf({
      val: { threshold: 0.31 },
      decision: { rule: 'held-out', temperature: { pooled: 1.5, byCenter: { 1: 1.5 } } },
    })
    expect(describeDecision(cell)).toEqual([
      'Threshold: patches are predicted to be tumour from a probability of 0.31 on, which gave the highest accuracy on validation. The accuracy on validation is optimistic for that.',
      'Temperature: log odds are divided by 1.50, fitted on validation. The calibration error on validation is optimistic for that.',
    ])
    expect(describeThresholds([cell])).toBe(
      "Accuracies are at a threshold of each cell's own, chosen on validation.",
    )
  })

  it('on held-out centers names the temperature of each', () => {
    const cell = cellOf({
      heldOut: {},
      decision: { rule: 'held-out', temperature: { pooled: 1.5, byCenter: { 10: 1, 3: 2 } } },
    })
    const [threshold, temperature] = describeDecision(cell)
    expect(threshold).toContain('Each held-out center is judged at the threshold that the others give.')
    expect(temperature).toContain(
      'fitted on held-out centers together (center by center: 3 2.00, 10 1.00). Each held-out center is judged with the temperature of the others.',
    )
  })

  it('by share says which, and where it came to lie', () => {
    const cell = cellOf({ decision: { rule: { share: 0.125 }, test: { 2: 0.4 } } })
    expect(describeDecision(cell)[0]).toContain(
      'of the patches of each center 12.5 % are predicted to be tumour, the share that was stated for it: in the test set from a probability of 0.4 (center 2) on.',
    )
    expect(describeThresholds([cell])).toContain('12.5 % of the test patches of each center, as stated')
  })
})
