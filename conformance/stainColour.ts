// Reinhard and luminosity: LAB statistics and images, within the levels that the fixtures allow.

import { stainMethods } from '../src/stain/index.ts'
import type { ConformanceResult } from './result.ts'
import type { StainConfig } from './stain.ts'
import { assertion, compare, readExpected, readInput, streamOf } from './stainImages.ts'

const { luminosity, reinhard } = stainMethods
type Options = typeof reinhard.defaults

// What the reference did with a division by zero is rounding noise or platform dependent.
const isUndefined = ({ error, warnings }: StainConfig) =>
  Boolean(error) ||
  `${warnings ?? ''}`.includes('invalid value') ||
  `${warnings ?? ''}`.includes('divide by zero')

/** Checks a `stain_torchstain_reinhard` fixture: every image within 1 level. */
export async function checkTorchstainReinhard(
  folder: string,
  config: StainConfig,
): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = []
  for (const [mode, part] of Object.entries<StainConfig>(config.results)) {
    const variant = mode === 'modified' ? ('modified' as const) : ('plain' as const)
    const options = { ...reinhard.defaults, compatibility: 'torchstain' as const, variant }
    results.push(...(await checkReinhard(folder, config.target, mode, part, part.sources, options, 1)))
  }
  return results
}

/** Checks a `stain_staintools_reinhard_luminosity` fixture: every image within 3 levels. */
export async function checkStaintoolsColour(
  folder: string,
  config: StainConfig,
): Promise<ConformanceResult[]> {
  const sources = (part: string) =>
    Object.fromEntries(
      Object.entries<StainConfig>(config.results).map(([name, value]) => [name, value[part]]),
    )
  const options = { ...reinhard.defaults, compatibility: 'staintools' as const }
  const results = await checkReinhard(
    folder,
    config.target,
    'reinhard',
    config,
    sources('reinhard'),
    options,
    3,
  )
  for (const [name, expected] of Object.entries<StainConfig>(sources('luminosity'))) {
    const { pixels } = await luminosity.apply(await readInput(folder, name), {}, luminosity.defaults)
    const picture = await readExpected(folder, `luminosity_${name}`)
    if (picture && !isUndefined(expected))
      results.push(compare(`luminosity_${name}.png`, pixels.data, picture.data, 3))
  }
  return results
}

/** Checks Reinhard's statistics and images in one library's mode. */
export async function checkReinhard(
  folder: string,
  target: string,
  prefix: string,
  fitted: StainConfig,
  sources: Readonly<Record<string, StainConfig>>,
  options: Options,
  levels: number,
): Promise<ConformanceResult[]> {
  const fit = await reinhard.fit(streamOf(await readInput(folder, target)), options)
  const results = [
    compare(`${prefix}: target means`, fit.means, fitted.target_means, 1e-3),
    compare(`${prefix}: target deviations`, fit.deviations, fitted.target_stds, 1e-3),
  ]
  for (const [name, expected] of Object.entries(sources)) {
    const image = await readInput(folder, name)
    const { pixels, verdicts } = await reinhard.apply(image, fit, options)
    if (isUndefined(expected)) {
      const isKept = verdicts[0] === 'ok' || pixels.data.every((value, i) => value === image.data[i])
      results.push(assertion(`${prefix}_${name}: defined`, isKept))
      continue
    }
    const picture = await readExpected(folder, `${prefix}_${name}`)
    if (!picture) continue
    results.push(compare(`${prefix}_${name}.png`, pixels.data, picture.data, levels))
  }
  return results
}
