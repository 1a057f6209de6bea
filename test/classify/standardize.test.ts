import { describe, expect, it } from 'vitest'
import { f32 } from '../../src/base/index.ts'
import { fitStandardization, standardizeRows } from '../../src/classify/standardize.ts'

describe('standardisation', () => {
  it('gives each dimension mean 0 and standard deviation 1 on the rows it was fitted on', () => {
    const x = f32([4, 2], [1, 100, 3, 300, 5, 500, 7, 700])
    const z = standardizeRows(x, fitStandardization(x))
    const sd = Math.sqrt(5)
    expect([...z.data]).toEqual([-3, -3, -1, -1, 1, 1, 3, 3].map((value) => expect.closeTo(value / sd, 6)))
  })

  it('turns a dimension that does not vary into zeros, whatever a new row holds', () => {
    const x = f32([3, 1], [0.3, 0.3, 0.3])
    expect(standardizeRows(f32([2, 1], [0.3, 9]), fitStandardization(x)).data).toEqual(Float32Array.of(0, 0))
  })

  it('ends ten standard deviations away', () => {
    const x = f32([2, 1], [-1, 1])
    expect(standardizeRows(f32([2, 1], [1e6, -50]), fitStandardization(x)).data).toEqual(
      Float32Array.of(10, -10),
    )
  })
})
