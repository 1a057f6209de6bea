import { describe, expect, it } from 'vitest'
import { matchNames, normaliseName } from '../../src/base/index.ts'

describe('normaliseName', () => {
  it('gives one hospital one name, however its number is spelled', () => {
    expect(['2', '2.0', '02', ' 2 ', '2.', '+2', 2].map(normaliseName)).toEqual(new Array(7).fill('2'))
    expect(normaliseName('000')).toBe('0')
    expect(normaliseName('020230415123456789012')).toBe('20230415123456789012')
  })

  it('leaves names as they are, but for blanks around them', () => {
    for (const name of ['Utrecht', 'center_2', '2a', '1.5', '-1'])
      expect(normaliseName(` ${name} `)).toBe(name)
  })

  it('knows what stands for nothing', () => {
    for (const word of ['', ' ', 'NaN', 'nan', 'NA', '<NA>', 'null', 'None', '?', Number.NaN]) {
      expect(normaliseName(word)).toBeNull()
    }
  })
})

describe('matchNames', () => {
  it('takes a name as it is written, else all that differ in capitals and blanks only', () => {
    expect(matchNames(['label', 'Label'], 'label')).toEqual(['label'])
    expect(matchNames(['ID', ' Label ', 'LABEL'], 'label')).toEqual([' Label ', 'LABEL'])
    expect(matchNames(['ID', 'labels'], 'label')).toEqual([])
  })
})
