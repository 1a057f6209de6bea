// torchstain's Macenko: matrices, percentiles and images, with the constants that the fixture names.

import type { Pixels } from '../src/base/index.ts'
import {
  concentrationPercentiles,
  covarianceOf,
  decomposeSymmetric,
  densityMap,
  type MacenkoOptions,
  macenkoRecipe,
  openView,
  openWorkspace,
  profilePatch,
  publishedProfile,
  restainPixels,
  type StainProfile,
  stainMethods,
  unmixingRows,
} from '../src/stain/index.ts'
import type { ConformanceResult } from './result.ts'
import type { StainConfig } from './stain.ts'
import { assertion, compare, readExpected, readInput, streamOf } from './stainImages.ts'

const { macenko } = stainMethods

/** The options that a fixture's `params` ask for. */
export function torchstainOptions({ params }: StainConfig): MacenkoOptions {
  return {
    ...macenko.defaults,
    compatibility: 'torchstain',
    io: params.Io,
    alpha: params.alpha,
    beta: params.beta,
  }
}

/** HE as the fixtures write it: rows red, green, blue; columns hematoxylin, eosin. */
export function columnsOf({ stains: [h, e] }: StainProfile): number[] {
  return [0, 1, 2].flatMap((k) => [h[k], e[k]])
}

/** Checks a `stain_torchstain_macenko*` fixture. */
export async function checkTorchstainMacenko(
  folder: string,
  config: StainConfig,
): Promise<ConformanceResult[]> {
  const options = torchstainOptions(config)
  const fit = await macenko.fit(streamOf(await readInput(folder, config.target)), options)
  const published = await macenko.fit(streamOf(), options)
  const results = [
    compare('fitted HE', columnsOf(fit), config.fitted_HERef.flat(), 1e-9),
    compare('fitted maxC', fit.maxConcentrations, config.fitted_maxCRef, 1e-9),
    compare('published HE', columnsOf(publishedProfile), config.default_HERef.flat(), 0),
    compare('published maxC', publishedProfile.maxConcentrations, config.default_maxCRef, 0),
  ]
  for (const [name, expected] of Object.entries<StainConfig>(config.results)) {
    const image = await readInput(folder, name)
    const { pixels, verdicts } = await macenko.apply(image, fit, options)
    if (expected.error || expected.degenerate) {
      const kept = verdicts[0] === 'ok' || pixels.data.every((value, i) => value === image.data[i])
      results.push(assertion(`${name}: defined`, kept))
      continue
    }
    results.push(assertion(`${name}: verdict ok`, verdicts[0] === 'ok'))
    if (verdicts[0] !== 'ok') continue
    results.push(...checkMatrices(name, image, expected, options))
    const exact = async (file: string, got: Pixels, tolerance = 0) => {
      const picture = await readExpected(folder, file)
      if (picture) results.push(compare(`${file}.png`, got.data, picture.data, tolerance))
    }
    await exact(`norm_${name}`, pixels)
    await exact(`defaultref_${name}`, (await macenko.apply(image, published, options)).pixels)
    for (const [stain, letter] of ['H', 'E'].entries()) {
      // The pixel at the percentile has none of the other stain: 255 or the level below, by the last bit.
      await exact(`${letter}_${name}`, separateStain(image, fit, options, stain), 1)
    }
  }
  return results
}

function checkMatrices(name: string, { data }: Pixels, expected: StainConfig, options: MacenkoOptions) {
  const workspace = openWorkspace(data.length / 3)
  workspace.load(data)
  const { tables, findTissue } = openView(options)(workspace)
  const count = findTissue(workspace)
  const [xx, xy, xz, yy, yz, zz] = covarianceOf(workspace, tables, count)
  const { values } = decomposeSymmetric([xx, xy, xz, yy, yz, zz])
  const profile = profilePatch(macenkoRecipe, data, options, workspace) as StainProfile
  const rows = unmixingRows(profile.stains)!
  const whole = { isTissue: false, count: data.length / 3 }
  const concentrations = (pixels: number) =>
    rows.flatMap((row) =>
      Array.from({ length: pixels }, (_, i) =>
        row.reduce((sum, weight, k) => sum + weight * tables[k][data[3 * i + k]], 0),
      ),
    )
  const percentiles = (percents: readonly number[]) =>
    percents.flatMap((p) => [...concentrationPercentiles(workspace, tables, rows, p, whole)])
  return [
    // Which of the concentrations are listed stands in the keys: `C_first5`, `C_percentiles_1_50_99`.
    ...Object.entries<number[][]>(expected).flatMap(([key, values]) => {
      if (key.startsWith('C_first'))
        return compare(`${name}: ${key}`, concentrations(values[0].length), values.flat(), 1e-9)
      if (!key.startsWith('C_percentiles_')) return []
      const percents = key.slice('C_percentiles_'.length).split('_').map(Number)
      return compare(`${name}: ${key}`, percentiles(percents), values.flat(), 1e-9)
    }),
    compare(`${name}: tissue pixels`, [count], [expected.n_tissue_pixels], 0),
    compare(`${name}: covariance`, [xx, xy, xz, xy, yy, yz, xz, yz, zz], expected.cov_OD.flat(), 1e-9),
    compare(`${name}: eigenvalues`, values, expected.cov_eigenvalues, 1e-9),
    compare(`${name}: HE`, columnsOf(profile), expected.source_HE_rows_are_rgb_columns_are_H_E.flat(), 1e-9),
    compare(`${name}: maxC`, profile.maxConcentrations, expected.maxC, 1e-9),
  ]
}

// The image of one stain alone, rebuilt in the reference's colours.
function separateStain(image: Pixels, fit: StainProfile, options: MacenkoOptions, stain: number): Pixels {
  const workspace = openWorkspace(image.height * image.width)
  const profile = profilePatch(macenkoRecipe, image.data, options, workspace) as StainProfile
  const scale = [0, 1].map((k) =>
    k === stain ? fit.maxConcentrations[k] / profile.maxConcentrations[k] : 0,
  ) as unknown as [number, number]
  const whole = { isTissue: false, count: image.data.length / 3 }
  const map = densityMap(unmixingRows(profile.stains)!, fit.stains, scale)
  const { io } = options
  restainPixels(workspace, openView(options)(workspace).tables, map, [io, io, io], whole)
  return { ...image, data: workspace.data.slice() }
}
