import { describe, expect, it } from 'vitest'
import { studentQuantile, studentTails } from '../../src/evaluate/student.ts'

describe("Student's t", () => {
  it('has the quantiles of the tables', () => {
    const tables: [degrees: number, t: number][] = [
      [1, 12.706204736174698],
      [1.5, 6.016663104427929],
      [2, 4.302652729749462],
      [9, 2.262157162798205],
      [39, 2.022690920036761],
      [199, 1.9719565442517533],
      [1000, 1.9623390808264083],
    ]
    for (const [degrees, t] of tables) expect(studentQuantile(0.05, degrees) / t).toBeCloseTo(1, 10)
    expect(studentQuantile(0.05, 1e6)).toBeCloseTo(1.959964, 5)
  })

  it('has the tails of the formulas that there are for one and two degrees of freedom', () => {
    for (const t of [0, 0.1, 1, 2.5, 40]) {
      expect(studentTails(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 12)
      expect(studentTails(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 12)
    }
    expect(studentTails(Number.MAX_VALUE, 3)).toBe(0)
    expect(studentTails(0.3, 199)).toBeCloseTo(0.7644902948244987, 12)
  })

  it('has quantiles that its tails lead back to', () => {
    for (const degrees of [1, 1.3, 4, 200]) {
      for (const tails of [0.9, 0.05, 1e-6]) {
        expect(studentTails(studentQuantile(tails, degrees), degrees) / tails).toBeCloseTo(1, 10)
      }
    }
  })
})
