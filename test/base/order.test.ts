import { describe, expect, it } from 'vitest'
import { compareIds, compareNames, compareRows, compareText } from '../../src/base/index.ts'

describe('the orders of names', () => {
  it('of ids goes by the value of digits, of any length, and tells all ids apart', () => {
    const ids = ['b2', 'b10', 'a', '007', '7', '10', '9', 'b', '9007199254740993', '9007199254740992']
    expect(ids.sort(compareIds).join(' ')).toBe('007 7 9 10 9007199254740992 9007199254740993 a b b2 b10')
    expect(compareIds('0', '00')).toBeLessThan(0)
    expect(compareIds('x1', 'x1')).toBe(0)
  })

  it('of names goes as people count', () => {
    expect(['center_10', 'Center_2', 'center_1'].sort(compareNames)).toEqual([
      'center_1',
      'Center_2',
      'center_10',
    ])
  })

  it('of text goes by code units, row by row where texts are known', () => {
    expect(['b', 'a10', 'B', 'a2'].sort(compareText)).toEqual(['B', 'a10', 'a2', 'b'])
    expect([compareRows(['b', 'a'], 0, 1), compareRows(['b', 'b'], 0, 1), compareRows(null, 0, 1)]).toEqual([
      1, 0, 0,
    ])
  })
})
