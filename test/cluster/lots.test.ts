import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutLots, foldLots, readLot, readLots, writeLots } from '../../src/cluster/index.ts'
import { makeTemporaryFolder } from '../patches/fixtures.ts'

const inFolder = makeTemporaryFolder()

describe('lots', () => {
  it('are cut evenly, in order, and hold every task once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 50 }),
        fc.integer({ min: 1, max: 60 }),
        (tasks, count) => {
          const lots = cutLots(tasks, count)
          const sizes = lots.map((lot) => lot.length)
          expect(lots.flat()).toEqual(tasks)
          expect(lots.length).toBe(Math.min(count, tasks.length))
          if (lots.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it('are folded evenly where there are too many, empty ones left out', () => {
    expect(foldLots([['a'], [], ['b', 'c'], ['d'], ['e'], ['f']], 2)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ])
    expect(foldLots([['a'], [], ['b']], 1001)).toEqual([['a'], ['b']])
    expect(foldLots([[]], 5)).toEqual([])
  })

  it.each([0, -1, 1.5, Number.NaN])('are not cut into %s', (count) => {
    expect(() => cutLots(['a'], count)).toThrow(/lots: expected a whole number above 0/)
  })
})

describe('a lots file', () => {
  it('gives back what was written, the same bytes for the same lots', async () => {
    const lots = { wave: 'embed', lots: [['a', 'b'], ['c']] }
    writeFileSync(inFolder('lots.json'), writeLots(lots))
    expect(await readLots(inFolder('lots.json'))).toEqual(lots)
    expect(await readLot(inFolder('lots.json'), 1)).toEqual(['c'])
    expect(writeLots({ lots: lots.lots, wave: lots.wave })).toBe(writeLots(lots))
  })

  it('refuses an index that it does not have', async () => {
    writeFileSync(inFolder('two.json'), writeLots({ wave: 'embed', lots: [['a'], ['b']] }))
    await expect(readLot(inFolder('two.json'), 2)).rejects.toThrow(/expected an index from 0 to 1, got 2/)
  })

  it.each([
    ['{', /expected JSON/],
    ['{"format":"eosin lots 9"}', /expected format 'eosin lots 1', got eosin lots 9/],
    ['null', /expected format 'eosin lots 1'/],
    ['{"format":"eosin lots 1","wave":"a","lots":[[1]]}', /expected lists of tasks/],
    ['{"format":"eosin lots 1","lots":[]}', /expected lists of tasks/],
  ])('is refused as %s', async (text, message) => {
    writeFileSync(inFolder('wrong.json'), text)
    await expect(readLots(inFolder('wrong.json'))).rejects.toThrow(message)
  })
})
