// StainTools' Vahadane: the objective, the angle between stain vectors, and the mean of image differences.

import {
  angleBetween,
  learnDictionary,
  openView,
  openWorkspace,
  type StainMatrix,
  stainMethods,
  type VahadaneOptions,
} from '../src/stain/index.ts'
import type { ConformanceResult } from './result.ts'
import type { StainConfig } from './stain.ts'
import { assertion, compareMean, readExpected, readInput, streamOf } from './stainImages.ts'

const { vahadane } = stainMethods
const options: VahadaneOptions = { ...vahadane.defaults, compatibility: 'staintools' }

/** Checks a `stain_staintools_vahadane` fixture: objective 1e-4 of it, vectors 1 degree, images 2 levels. */
export async function checkVahadane(folder: string, config: StainConfig): Promise<ConformanceResult[]> {
  const fit = await vahadane.fit(streamOf(await readInput(folder, config.target)), options)
  const results = compareAngles('fitted', fit.stains, config.fitted_stain_matrix)
  for (const [name, expected] of Object.entries<StainConfig>(config.results)) {
    const image = await readInput(folder, name)
    const { pixels, verdicts } = await vahadane.apply(image, fit, options)
    if (expected.error || expected.nan_or_degenerate) {
      const isKept = verdicts[0] === 'ok' || pixels.data.every((value, i) => value === image.data[i])
      results.push(assertion(`${name}: defined`, isKept))
      continue
    }
    const own = await vahadane.fit(streamOf(image), options)
    results.push(...compareAngles(name, own.stains, expected.stain_matrix_rows_H_E))
    const relative = objectiveAt(image.data, own.stains) / expected.dictionary_learning.objective - 1
    results.push({ quantity: `${name}: objective, relative`, error: Math.max(0, relative), tolerance: 1e-4 })
    const picture = await readExpected(folder, `norm_${name}`)
    if (picture) results.push(compareMean(`norm_${name}.png, mean`, pixels.data, picture.data, 2))
  }
  return results
}

function compareAngles(name: string, stains: StainMatrix, expected: StainMatrix): ConformanceResult[] {
  return ['hematoxylin', 'eosin'].map((stain, k) => ({
    quantity: `${name}: angle of ${stain}`,
    error: angleBetween(stains[k], expected[k]),
    tolerance: 1,
  }))
}

function objectiveAt(data: Uint8Array, stains: StainMatrix): number {
  const workspace = openWorkspace(data.length / 3)
  workspace.load(data)
  const view = openView(options)(workspace)
  const count = view.findTissue(workspace)
  const bounds = { steps: 0, tolerance: 0 }
  return learnDictionary(data, view.tables, workspace.offsets, count, options.lambda, stains, bounds)
    .objective
}
