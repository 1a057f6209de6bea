import { describe, expect, it } from 'vitest'
import { parseLabel } from '../../src/patches/names.ts'

describe('parseLabel', () => {
  it('takes 0 and 1, however a table writes them', () => {
    expect(['0', '1', '1.0', ' 0 ', 0, 1].map((word) => parseLabel(word))).toEqual([0, 1, 1, 0, 0, 1])
  })

  it('takes nothing else for a label', () => {
    for (const word of ['', ' ', '0x1', '0x0', '0b1', '2', '0.5', 'NaN', 'tumour', 2, 0.5, Number.NaN]) {
      expect(parseLabel(word), `${word}`).toBeUndefined()
    }
  })
})
