import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../../src/base/index.ts'

describe('parseDecimal', () => {
  it('reads decimal numbers as tables have them', () => {
    const numbers = ['0', '1', '-2', '+3', '0.25', '.5', '1.', '1e-3', '2E+4', ' 0.75 ', '007', '0.1\r']
    expect(numbers.map(parseDecimal)).toEqual([0, 1, -2, 3, 0.25, 0.5, 1, 0.001, 20_000, 0.75, 7, 0.1])
  })

  it('reads nothing into what is no decimal number', () => {
    const others = [
      '',
      ' ',
      '\t',
      '0x10',
      '0b1',
      '0o7',
      '1,5',
      '1_000',
      'NaN',
      'Infinity',
      '-',
      '.',
      'e5',
      '1e',
    ]
    for (const text of [...others, '1e999', '0.5.1', '1 2', 'null', 'true', '٣', '½']) {
      expect(parseDecimal(text), `'${text}'`).toBeUndefined()
    }
  })

  it('reads back every finite number that is written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseDecimal(String(value))).toBe(value === 0 ? 0 : value)
      }),
    )
  })
})
