import { describe, expect, it } from 'vitest'
import {
  formatCount,
  formatDifference,
  formatList,
  formatMemory,
  formatOverSeeds,
  formatSeconds,
  formatShare,
  formatUnit,
  formatValue,
} from '../../src/report/numbers.ts'

const plain = (text: string) => text.replaceAll('\u202f', ' ')

describe('figures as text', () => {
  it('sets thousands apart', () => {
    expect([7, 999, 1000, 34904, 1234567].map(formatCount)).toEqual([
      '7',
      '999',
      '1,000',
      '34,904',
      '1,234,567',
    ])
  })

  it('says a difference in points, how sure it is, and how likely by chance', () => {
    const say = (value: number, low: number, high: number, p: number) =>
      formatDifference({
        difference: { value, low, high },
        p,
        resampled: 'slides',
        slides: 8,
        patients: null,
        count: 100,
        onlyA: 9,
        onlyB: 7,
      })
    expect(say(0.0173, -0.0041, 0.0382, 0.0944)).toBe('1.7 points, 95\u202f% interval −0.4 to 3.8, p = 0.094')
    expect(say(-0.0002, -0.2, 0.2, 1)).toBe('0.0 points, 95\u202f% interval −20.0 to 20.0, p = 1.00')
    expect(say(0.3, 0.2, 0.4, 1e-9)).toContain('p < 0.001')
  })

  it('says durations as people do', () => {
    expect([0.4215, 12.34, 59.97, 192, 3599.6, 7500].map((s) => plain(formatSeconds(s)))).toEqual([
      '0.42 s',
      '12.3 s',
      '1 min 0 s',
      '3 min 12 s',
      '1 h 0 min',
      '2 h 5 min',
    ])
  })

  it('says memory in MB, from 1,000 on in GB', () => {
    expect([412.3, 1331].map((mb) => plain(formatMemory(mb)))).toEqual(['412 MB', '1.3 GB'])
  })

  it('writes a dash for what is not a figure', () => {
    expect([formatShare(null), formatUnit(Number.NaN), formatOverSeeds(null), formatSeconds(null)]).toEqual([
      '–',
      '–',
      '–',
      '–',
    ])
  })

  it('keeps whole values whole and others to four digits', () => {
    expect([2048, 0.98123, 12.345678].map(formatValue)).toEqual(['2,048', '0.9812', '12.35'])
  })

  it('joins words into a list', () => {
    expect([formatList(['a']), formatList(['a', 'b']), formatList(['a', 'b', 'c'])]).toEqual([
      'a',
      'a and b',
      'a, b and c',
    ])
  })
})
