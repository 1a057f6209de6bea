import { describe, expect, it } from 'vitest'
import { invert3, ruifrokVectors } from '../../src/base/index.ts'

describe('invert3', () => {
  it('gives what makes the unit matrix', () => {
    const matrix = Object.values(ruifrokVectors)
    const inverse = invert3(matrix)
    for (const i of [0, 1, 2]) {
      for (const j of [0, 1, 2]) {
        const sum = [0, 1, 2].reduce((total, k) => total + matrix[i][k] * inverse[k][j], 0)
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 14)
      }
    }
  })

  it('is exact where entries are powers of two', () => {
    expect(
      invert3([
        [2, 0, 0],
        [0, 0, 4],
        [0, -1, 0],
      ]).map((row) => row.map((x) => x + 0)),
    ).toEqual([
      [0.5, 0, 0],
      [0, 0, -1],
      [0, 0.25, 0],
    ])
  })
})
