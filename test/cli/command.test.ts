import { describe, expect, it } from 'vitest'
import { share, wholeNumber } from '../../src/cli/command.ts'

describe('numbers given as options', () => {
  it('are decimal', () => {
    expect([wholeNumber(1, 16)('16'), share('0.25'), share('1')]).toEqual([16, 0.25, 1])
  })

  it('are never guessed from blanks, other bases or words', () => {
    for (const text of ['', ' ', '0x10', '1e400', 'NaN', 'Infinity', '1,5']) {
      expect(() => wholeNumber(0, 9)(text), `'${text}'`).toThrow('a whole number from 0 to 9')
      expect(() => share(text), `'${text}'`).toThrow('a number from 0 to 1')
    }
    expect(() => wholeNumber(0, 9)('0.5')).toThrow('a whole number')
    expect(() => wholeNumber(0, 9)('10')).toThrow('a whole number from 0 to 9')
    expect(() => wholeNumber(0, 9)('1e30')).toThrow('a whole number')
  })
})
