// StainTools and tiatoolbox, and torchstain's several targets: stain vectors, strengths and images.

import {
  type MacenkoOptions,
  type SeparationFit,
  type StainMethod,
  separationDefaults,
  stainMethods,
} from '../src/stain/index.ts'
import type { ConformanceResult } from './result.ts'
import type { StainConfig } from './stain.ts'
import { checkReinhard } from './stainColour.ts'
import { assertion, compare, readExpected, readInput, streamOf } from './stainImages.ts'
import { columnsOf, torchstainOptions } from './stainMacenko.ts'

const { macenko, reinhard, ruifrok } = stainMethods
const staintools = { ...macenko.defaults, compatibility: 'staintools' as const }
const tiatoolbox = { ...macenko.defaults, compatibility: 'tiatoolbox' as const }

/** Checks a `stain_torchstain_multimacenko` fixture: matrices 1e-9, images bit for bit. */
export async function checkMultiMacenko(folder: string, config: StainConfig): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = []
  const targets = await Promise.all(config.targets.map((name: string) => readInput(folder, name)))
  for (const [mode, expected] of Object.entries<StainConfig>(config.results)) {
    const references = mode === 'concat' ? ('concatenated' as const) : ('averaged' as const)
    const options: MacenkoOptions = { ...torchstainOptions(config), references }
    const fit = await macenko.fit(streamOf(...targets), options)
    results.push(
      compare(`${mode}: HE`, columnsOf(fit), expected.HERef.flat(), 1e-9),
      compare(`${mode}: maxC`, fit.maxConcentrations, expected.maxCRef, 1e-9),
    )
    for (const name of Object.keys(expected.sources)) {
      const { pixels } = await macenko.apply(await readInput(folder, name), fit, options)
      const picture = await readExpected(folder, `${mode}_${name}`)
      if (picture) results.push(compare(`${mode}_${name}.png`, pixels.data, picture.data, 0))
    }
  }
  return results
}

/** Checks a `stain_staintools_macenko` fixture: matrices 1e-6, images within 1 level. */
export async function checkStaintoolsMacenko(
  folder: string,
  config: StainConfig,
): Promise<ConformanceResult[]> {
  const fit = await macenko.fit(streamOf(await readInput(folder, config.target)), staintools)
  const results = [
    compare('fitted stains', fit.stains.flat(), config.fitted_stain_matrix.flat(), 1e-6),
    compare('fitted maxC', fit.maxConcentrations, config.fitted_maxC.flat(), 1e-6),
  ]
  for (const [name, expected] of Object.entries<StainConfig>(config.results)) {
    const matrix = expected.nan_or_degenerate ? null : expected.stain_matrix_rows_H_E
    results.push(...(await checkImage(folder, name, 'norm', expected, matrix, macenko, fit, staintools)))
  }
  return results
}

/** Checks a `stain_tiatoolbox` fixture: Macenko, Reinhard and Ruifrok. */
export async function checkTiatoolbox(folder: string, config: StainConfig): Promise<ConformanceResult[]> {
  const target = streamOf(await readInput(folder, config.target))
  const { macenko: expected, reinhard: colour, ruifrok: fixed } = config.results
  const fit = await macenko.fit(target, tiatoolbox)
  const results = [
    compare('macenko: fitted stains', fit.stains.flat(), expected.stain_matrix_target.flat(), 1e-6),
    compare('macenko: fitted maxC', fit.maxConcentrations, expected.maxC_target.flat(), 1e-6),
  ]
  for (const [name, source] of Object.entries<StainConfig>(expected.sources)) {
    results.push(
      ...(await checkImage(folder, name, 'macenko', source, source.stain_matrix, macenko, fit, tiatoolbox)),
    )
  }
  const options = {
    ...separationDefaults,
    compatibility: 'tiatoolbox' as const,
    stains: ruifrok.defaults.stains,
  }
  const fixedFit = await ruifrok.fit(streamOf(await readInput(folder, config.target)), options)
  results.push(compare('ruifrok: fitted maxC', fixedFit.maxConcentrations, fixed.maxC_target.flat(), 1e-6))
  for (const [name, source] of Object.entries<StainConfig>(fixed.sources)) {
    results.push(...(await checkImage(folder, name, 'ruifrok', source, null, ruifrok, fixedFit, options)))
  }
  const reinhardOptions = { ...reinhard.defaults, compatibility: 'tiatoolbox' as const }
  const { sources } = colour
  results.push(
    ...(await checkReinhard(folder, config.target, 'reinhard', colour, sources, reinhardOptions, 3)),
  )
  return results
}

// biome-ignore lint/suspicious/noExplicitAny: each method has options of its own
type SeparationMethod = StainMethod<any, SeparationFit>

// Images within one level (a cast truncates); matrices where the fixture says that they mean something.
async function checkImage(
  folder: string,
  name: string,
  prefix: string,
  expected: StainConfig,
  matrix: number[][] | null,
  method: SeparationMethod,
  fit: SeparationFit,
  // biome-ignore lint/suspicious/noExplicitAny: each method has options of its own
  options: any,
): Promise<ConformanceResult[]> {
  const image = await readInput(folder, name)
  const { pixels, verdicts } = await method.apply(image, fit, options)
  const picture = await readExpected(folder, `${prefix}_${name}`)
  if (expected.error || !picture || expected.nan_or_degenerate) {
    const isKept = verdicts[0] === 'ok' || pixels.data.every((value, i) => value === image.data[i])
    return [assertion(`${prefix}_${name}: defined`, isKept)]
  }
  const results = [compare(`${prefix}_${name}.png`, pixels.data, picture.data, 1)]
  if (matrix) {
    const own = await method.fit(streamOf(image), options)
    results.push(compare(`${prefix}_${name}: stains`, own.stains.flat(), matrix.flat(), 1e-6))
  }
  return results
}
