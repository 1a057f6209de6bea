import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { adjustHolm, findTies } from '../../src/evaluate/index.ts'

describe("Holm's correction", () => {
  it('multiplies the smallest p by their number, the next by one less, and never falls', () => {
    // worked by hand: 4 x .01, 3 x .015 = .045, 2 x .02 = .04 but no less than .045, .5
    expect(adjustHolm([0.5, 0.01, 0.02, 0.015])).toEqual([0.5, 0.04, 0.045, 0.045])
    expect(adjustHolm([0.6, 0.7])).toEqual([1, 1])
    expect(adjustHolm([])).toEqual([])
  })

  it('rejects what the step-down procedure rejects one by one, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        fc.nat(5),
        (ps, more) => {
          const hypotheses = ps.length + more
          const adjusted = adjustHolm(ps, hypotheses)
          const left = [...ps].sort((a, b) => a - b)
          const rejected: number[] = []
          while (left.length > 0 && left[0] * (hypotheses - rejected.length) < 0.05)
            rejected.push(left.shift()!)
          expect(adjusted.filter((p) => p < 0.05)).toHaveLength(rejected.length)
          ps.forEach((p, i) => {
            expect(adjusted[i]).toBeGreaterThanOrEqual(p)
            if (rejected.length > 0 && p <= rejected.at(-1)!) expect(adjusted[i]).toBeLessThan(0.05)
          })
          expect(adjustHolm([...ps].reverse(), hypotheses)).toEqual([...adjusted].reverse())
        },
      ),
      { seed: 1 },
    )
  })

  it('refuses what is no p, and fewer hypotheses than p', () => {
    expect(() => adjustHolm([0.1, 1.5])).toThrow(/p 1.*0 to 1.*1\.5/s)
    expect(() => adjustHolm([Number.NaN])).toThrow(DataError)
    expect(() => adjustHolm([0.1, 0.2], 1)).toThrow(/at least 2/)
  })
})

describe('cells that cannot be told from the best', () => {
  const differences = [
    { cell: 'a', p: 0.02 },
    { cell: 'b', p: 0.004 },
    { cell: 'c', p: 0.6 },
  ]

  it('counts all pairs where the best was chosen on the same patches', () => {
    // four cells have six pairs: 6 x .004, 5 x .02
    expect(findTies(differences)).toEqual([
      { cell: 'a', p: 0.02, adjusted: 0.1, tied: true },
      { cell: 'b', p: 0.004, adjusted: 0.024, tied: false },
      { cell: 'c', p: 0.6, adjusted: 1, tied: true },
    ])
  })

  it('counts the differences alone where it was chosen on others', () => {
    const ties = findTies(differences, { chosenOn: 'other' })
    expect(ties.map(({ adjusted }) => adjusted)).toEqual([0.04, 0.012, 0.6])
    expect(ties.map(({ tied }) => tied)).toEqual([false, false, true])
    expect(findTies(differences, { chosenOn: 'other', level: 0.02 }).map(({ tied }) => tied)).toEqual([
      true,
      false,
      true,
    ])
  })
})
