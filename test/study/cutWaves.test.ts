// What is due of a study, cut into waves and lots.

import { describe, expect, it } from 'vitest'
import { cutWaves, type WaveTask } from '../../src/study/cutWaves.ts'

const task = (key: string, stage: string, needs: string[] = [], more: Partial<WaveTask> = {}): WaveTask => ({
  key,
  stage,
  needs,
  ...more,
})
const unknown = () => undefined

describe('waves', () => {
  it('follow the longest way over what tasks need and wait for; what is there already counts for nothing', () => {
    const tasks = [
      task('filter', 'quality', ['hash, which is there']),
      task('fit', 'stain', ['filter']),
      task('plain', 'embed', ['filter']),
      task('stained', 'embed', ['filter', 'fit']),
      task('effect', 'stain', ['fit'], { after: ['stained'] }),
      task('head', 'classify', ['plain']),
    ]
    expect(cutWaves(tasks, unknown)).toEqual([
      { name: 'quality', usesDevice: false, lots: [['filter']] },
      { name: 'stain-embed', usesDevice: false, lots: [['fit'], ['plain']] },
      { name: 'embed-classify', usesDevice: false, lots: [['stained'], ['head']] },
      { name: 'stain', usesDevice: false, lots: [['effect']] },
    ])
  })

  it('hold tasks that use the device apart', () => {
    const tasks = [
      task('a', 'embed', [], { usesDevice: true }),
      task('b', 'embed'),
      task('c', 'classify', ['a', 'b']),
      task('d', 'classify', ['a'], { usesDevice: true }),
    ]
    expect(cutWaves(tasks, unknown).map(({ usesDevice, lots }) => [usesDevice, lots])).toEqual([
      [false, [['b']]],
      [true, [['a']]],
      [false, [['c']]],
      [true, [['d']]],
    ])
  })

  it('are none where nothing is due', () => {
    expect(cutWaves([], unknown)).toEqual([])
  })
})

describe('lots', () => {
  it('hold small tasks together, up to two minutes; long ones and those nothing is known of are alone', () => {
    const seconds = { a: 50, b: 60, c: 10, d: 1, e: 500, f: 1, g: 119, h: 2 }
    const tasks = [...Object.keys(seconds), 'unknown', 'i'].map((key) => task(key, 'embed'))
    const known: Record<string, number> = { ...seconds, i: 3 }
    expect(cutWaves(tasks, (key) => known[key])[0].lots).toEqual([
      ['a', 'b', 'c'],
      ['d'],
      ['e'],
      ['f', 'g'],
      ['h'],
      ['unknown'],
      ['i'],
    ])
  })
})
