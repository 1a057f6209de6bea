import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { oddityOf } from './clean.ts'
import { fuzz } from './fuzz.ts'
import { mutate } from './mutate.ts'
import { targets } from './targets.ts'

// The long version is `npm run fuzz`; a fault found there is had again with --formats, --first and --cases 1.
describe('damaged files', () => {
  it.each(Object.keys(targets))('of format %s give values or a clean error', {
    timeout: 180_000,
  }, async (format) => {
    const { values, errors, faults } = await fuzz({ format, seed: 1, cases: 100 })
    expect(faults).toEqual([])
    expect(values + errors).toBe(100)
    expect(errors).toBeGreaterThan(10)
  })

  it('are the same for the same seed and number, and differ from case to case', () => {
    const seeds = [readFileSync('fixtures/onnx/mlp_8.onnx')]
    const made = Array.from({ length: 50 }, (_, number) => mutate('onnx', seeds, false, 7, number))
    const again = Array.from({ length: 50 }, (_, number) => mutate('onnx', seeds, false, 7, number))
    expect(again).toEqual(made)
    expect(new Set(made.map((bytes) => bytes.toString('hex'))).size).toBeGreaterThan(45)
  })
})

describe('a message', () => {
  it('is odd where it is long, holds what a terminal must not get, or gives the program away', () => {
    expect(oddityOf('x.h5: expected an HDF5 file, got an empty file; fetch it again')).toBeUndefined()
    expect(oddityOf('a\n'.repeat(9))).toContain('10 lines')
    expect(oddityOf('x'.repeat(2000))).toContain('2000 characters')
    expect(oddityOf('got \u001b[31m')).toContain('\\u001b')
    expect(oddityOf('got [] at undefined')).toContain('undefined')
  })
})
