import { describe, expect, it } from 'vitest'
import { minimize } from '../../src/classify/lbfgs.ts'

describe('L-BFGS', () => {
  it('finds the minimum of an ill-conditioned quadratic', () => {
    const curvatures = [1, 10, 100, 1000, 10_000]
    const { point, converged } = minimize(
      (x, gradient) => {
        x.forEach((value, i) => {
          gradient[i] = curvatures[i] * (value - i)
        })
        return x.reduce((sum, value, i) => sum + (curvatures[i] / 2) * (value - i) ** 2, 0)
      },
      new Float64Array(5).fill(9),
      { tolerance: 1e-9, iterations: 300 },
    )
    expect(converged).toBe(true)
    point.forEach((value, i) => {
      expect(value).toBeCloseTo(i, 8)
    })
  })

  it('says so where it ran out of iterations', () => {
    const parabola = (x: Float64Array, gradient: Float64Array) => {
      gradient[0] = Math.sinh(x[0])
      return Math.cosh(x[0])
    }
    expect(minimize(parabola, Float64Array.of(5), { tolerance: 1e-12, iterations: 2 }).converged).toBe(false)
    expect(
      minimize(parabola, Float64Array.of(5), { tolerance: 1e-12, iterations: 100 }).point[0],
    ).toBeCloseTo(0, 9)
  })
})
