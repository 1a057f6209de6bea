import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkStain } from '../../conformance/stain.ts'

// The fixtures hold photographs of tissue and lie beside the repository.
const golden = join(import.meta.dirname, '../../../shared/golden')
const names = existsSync(golden)
  ? readdirSync(golden).filter((name) => /^(stain_|cv2_)/.test(name) && name !== 'stain_images')
  : []

describe('the stain fixtures', () => {
  it.skipIf(names.length === 0)(`are met within their tolerances (skipped without ${golden})`, async () => {
    for (const name of names) {
      const results = await checkStain(join(golden, name))
      expect(results.length).toBeGreaterThan(0)
      expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
    }
  })
})
