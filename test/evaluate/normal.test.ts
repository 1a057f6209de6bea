import { describe, expect, it } from 'vitest'
import { normalTails } from '../../src/evaluate/index.ts'
import { studentQuantile, studentTails } from '../../src/evaluate/student.ts'

describe('the tails of the normal distribution', () => {
  it('are those of tables', () => {
    expect(normalTails(0)).toBe(1)
    expect(normalTails(1)).toBeCloseTo(0.317310507862914, 13)
    expect(normalTails(-1.959963984540054)).toBeCloseTo(0.05, 13)
    expect(normalTails(2.82)).toBeCloseTo(0.0048024, 7) // where the series ends
    expect(normalTails(2.84) / 0.0045112).toBeCloseTo(1, 4)
    expect(normalTails(6) / 1.973175290075e-9).toBeCloseTo(1, 9)
    expect(normalTails(30) / 9.8134279e-198).toBeCloseTo(1, 6)
    expect(normalTails(60)).toBe(0)
  })

  it("are what Student's t comes to with many degrees of freedom", () => {
    for (const p of [0.9, 0.3, 0.01, 1e-5]) {
      const t = studentQuantile(p, 1e5)
      expect(normalTails(t) / studentTails(t, 1e5)).toBeCloseTo(1, 2)
    }
  })
})
