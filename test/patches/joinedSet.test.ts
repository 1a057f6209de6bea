// Parts of a data set as one: what one part does not know, the whole does not know.

import { expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { joinPatchSets } from '../../src/patches/joinedSet.ts'
import type { OpenedPatchSet } from '../../src/patches/reader.ts'
import { memorySet } from './memorySet.ts'

function openSet(facts: Parameters<typeof memorySet>[1]): OpenedPatchSet {
  const batch = pixels(new Uint8Array(2 * 2 * 2 * 3), 2, 2, 2)
  return { ...memorySet(batch, facts), faults: [], parts: null, dtype: 'u8' }
}

it('labels and slides that one part lacks are not known of the whole', () => {
  const train = openSet({ labels: Uint8Array.of(0, 1), slides: ['a', 'b'] })
  const test = openSet({ labels: Uint8Array.of(1, 1), slides: ['c', 'c'] })
  const both = joinPatchSets('set', { train, test })
  expect([both.labels, both.slides]).toEqual([Uint8Array.of(0, 1, 1, 1), ['a', 'b', 'c', 'c']])
  const withheld = joinPatchSets('set', { train, test: openSet({ slides: ['c', 'c'] }) })
  expect(withheld).toMatchObject({ labels: null, slides: ['a', 'b', 'c', 'c'], count: 4 })
  expect(joinPatchSets('set', { train, test: openSet({ labels: Uint8Array.of(1, 1) }) }).slides).toBeNull()
})
