// Patches with known pixels, and the folder each test file writes them to.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openRandom, type Pixels, pixels } from '../../src/base/index.ts'

/** Makes a folder, removed when the file's tests are done, and returns how to name what lies in it. */
export function makeTemporaryFolder(): (...parts: string[]) => string {
  const folder = mkdtempSync(join(tmpdir(), 'eosin-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return (...parts) => join(folder, ...parts)
}

/** The HWC bytes of a patch that is like no other: noise seeded by its number. */
export function noise(seed: number, side = 96): Uint8Array {
  const random = openRandom(seed, 'patch')
  return Uint8Array.from({ length: side * side * 3 }, () => random.integer(256))
}

/** Several such patches as one batch. */
export function noiseBatch(seeds: readonly number[], side = 96): Pixels {
  const data = new Uint8Array(seeds.length * side * side * 3)
  seeds.forEach((seed, i) => {
    data.set(noise(seed, side), i * side * side * 3)
  })
  return pixels(data, seeds.length, side, side)
}
