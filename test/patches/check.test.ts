import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { checkPatches, openPatchSet } from '../../src/patches/index.ts'
import { makeTemporaryFolder, noise } from './fixtures.ts'
import { memorySet } from './memorySet.ts'

const inFolder = makeTemporaryFolder()

async function checkTable(...rows: string[]) {
  writeFileSync(inFolder('a.png'), await encodePng(pixels(new Uint8Array(48).fill(9), 1, 4, 4)))
  writeFileSync(inFolder('table.csv'), ['path,label', 'a.png,1', ...rows].join('\n'))
  const set = await openPatchSet(inFolder('table.csv'), { isTolerant: true })
  return (await checkPatches(set)).problems
}

describe('checkPatches', () => {
  it('names patches of equal pixels whose labels contradict each other, which are no damage', async () => {
    const set = memorySet(pixels(noise(1, 8), 4, 4, 4))
    const twice = { ...set, read: (rows: ArrayLike<number>) => set.read(Array.from(rows, (row) => row % 2)) }
    const check = (...labels: number[]) => checkPatches({ ...twice, labels: Uint8Array.from(labels) })
    expect(await check(0, 1, 0, 0)).toMatchObject({ problems: [], contradictions: [['1', '3']] })
    expect(await check(0, 1, 0, 1)).toMatchObject({ problems: [], contradictions: [] })
  })

  it('says what a file holds on one line of some length, without what a terminal must not get', async () => {
    const [first, second] = await checkTable(`b.png,${'x'.repeat(5000)}`, 'c.png,\u001b[31m1')
    expect(first.problem.length).toBeLessThan(600)
    expect(first.problem).toMatch(/^label 'xxx/)
    expect(second.problem).toContain("label ' [31m1'")
  })

  it('reads no device that a table names, as it may have no end', async () => {
    expect(await checkTable('/dev/zero,1')).toEqual([
      { id: '/dev/zero', problem: 'expected a picture, got a device' },
    ])
  })
})
