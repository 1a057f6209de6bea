// Abstention: a margin that leaves a share of patches to a person, and what the others are worth.

import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { abstain, chooseMargin, evaluate, scoreAbstention } from '../../src/evaluate/index.ts'

const count = 400
const random = openRandom(2, 'abstain')
const labels = Uint8Array.from({ length: count }, (_, row) => row % 2)
const probabilities = Float32Array.from(
  labels,
  (label) => 1 / (1 + Math.exp(-(2 * label - 1 + random.normal()))),
)
const centers = Array.from(labels, (_, row) => (row % 3 === 0 ? 'a' : 'b'))
const sum = (marks: Uint8Array) => marks.reduce((total, mark) => total + mark, 0)

describe('a margin', () => {
  it('leaves the share that is asked for, those nearest to the threshold', () => {
    const patches = { probabilities, threshold: 0.4 }
    for (const share of [0.05, 0.1, 0.5]) {
      const marks = abstain(patches, chooseMargin(patches, share))
      expect(sum(marks)).toBe(count * share)
      const distance = (row: number) => Math.abs(probabilities[row] - 0.4)
      const [left, kept] = [1, 0].map((mark) => [...marks.keys()].filter((row) => marks[row] === mark))
      expect(Math.max(...left.map(distance))).toBeLessThan(Math.min(...kept.map(distance)))
    }
  })

  it('is measured from the threshold of each center, and serves a single patch', () => {
    const patches = { probabilities, centers, threshold: { a: 0.2, b: 0.7 } }
    const margin = chooseMargin(patches, 0.25)
    expect(sum(abstain(patches, margin))).toBe(100)
    expect(abstain({ ...patches, centers: ['a'], probabilities: Float32Array.of(0.2) }, margin)).toEqual(
      Uint8Array.of(1),
    )
    expect(abstain({ ...patches, centers: ['b'], probabilities: Float32Array.of(0.2) }, margin)).toEqual(
      Uint8Array.of(0),
    )
  })

  it('leaves fewer where margins tie, and refuses a share of nothing', () => {
    const tied = { probabilities: Float32Array.of(0.4, 0.6, 0.6, 0.9), threshold: 0.5 }
    const near = Float32Array.of(0.25, 0.75, 0.75, 1)
    expect(
      sum(abstain({ ...tied, probabilities: near }, chooseMargin({ ...tied, probabilities: near }, 0.5))),
    ).toBe(0)
    expect(() => chooseMargin(tied, 1)).toThrow('chooseMargin: expected a share above 0 and below 1')
    expect(() => chooseMargin({ ...tied, probabilities: new Float32Array() }, 0.1)).toThrow('0.1 of 0')
  })
})

describe('what abstention is worth', () => {
  const patches = { labels, probabilities, centers, threshold: 0.5, seed: 0 }
  const margin = chooseMargin(patches, 0.2)

  it('is the accuracy of the others, as on the curve of accuracy against coverage', () => {
    const { accuracy, abstained, byCenter } = scoreAbstention(patches, margin)
    const whole = evaluate(patches)
    expect(abstained).toBe(80)
    const onCurve = whole.riskCoverage.at.find(({ coverage }) => coverage === 0.8)!
    expect(accuracy!.value).toBeCloseTo(onCurve.accuracy.value, 10)
    expect(margin).toBeCloseTo(onCurve.margin, 10)
    expect(accuracy!.value).toBeGreaterThan(whole.accuracy.value + 0.03)
    expect([accuracy!.low < accuracy!.value, accuracy!.high > accuracy!.value]).toEqual([true, true])
    expect(Object.values(byCenter).map((own) => own.count)).toEqual([134, 266])
    expect(byCenter.a.abstained + byCenter.b.abstained).toBe(80)
  })

  it('is known without labels but for the accuracy, and where all patches are left', () => {
    const unlabelled = scoreAbstention({ ...patches, labels: null }, margin)
    expect(unlabelled).toMatchObject({ count, abstained: 80, accuracy: null })
    expect(scoreAbstention(patches, 1)).toMatchObject({ abstained: count, accuracy: null })
  })
})
