// Macenko et al. 2009 (ISBI), 'A method for normalizing histology slides for quantitative analysis'.
// Reference implementation: torchstain's numpy back end; with io 255 it is the formula of the seed paper.

import type { Pixels } from '../base/index.ts'
import { DataError, pixelsAt } from '../base/index.ts'
import { openColourPool } from './colourPool.ts'
import { concentrationPercentiles } from './concentrations.ts'
import { estimateProfile, type MacenkoOptions, macenkoDefaults } from './macenkoProfile.ts'
import { densityTable } from './opticalDensity.ts'
import { densityMap, restainPixels } from './restain.ts'
import { averageStains, publishedProfile, type StainProfile, unmixingRows } from './stainMatrix.ts'
import type { StainMethod } from './stainMethod.ts'
import { openWorkspace } from './tissue.ts'
import { ok, transformPatches } from './verdicts.ts'

/** The reference's stains, and how many reference patches they rest on (0: the published target). */
export type MacenkoFit = StainProfile & { readonly patches: number; readonly [key: string]: unknown }

/** Brings each patch's own two stains to the reference's colours and strengths. */
export const macenko: StainMethod<MacenkoOptions, MacenkoFit> = {
  name: 'macenko',
  version: 1,
  about: 'Stain vectors from extreme angles in optical density (Macenko 2009), rescaled to the reference.',
  defaults: macenkoDefaults,
  needsReference: true,
  fit: fitMacenko,
  apply: applyMacenko,
}

async function fitMacenko(reference: AsyncIterable<Pixels>, given: MacenkoOptions): Promise<MacenkoFit> {
  const options = { ...macenkoDefaults, ...given }
  const pool = openColourPool()
  const profiles: StainProfile[] = []
  let seen = 0
  let reason = ''
  for await (const batch of reference) {
    const workspace = openWorkspace(batch.height * batch.width)
    for (let index = 0; index < batch.count; index++, seen++) {
      const patch = pixelsAt(batch, index)
      const profile = estimateProfile(patch.data, options, workspace)
      if ('verdict' in profile) {
        reason = profile.reason ?? ''
      } else {
        profiles.push(profile)
        pool.add(patch)
      }
    }
  }
  if (seen === 0) return { ...publishedProfile, patches: 0 }
  if (profiles.length === 0) {
    throw new DataError({
      where: 'stain reference',
      expected: 'a patch that stain vectors can be fitted on',
      got: `${seen} without (the last: ${reason})`,
      hint: 'choose reference patches with tissue, or the published reference',
    })
  }
  return { ...mergeProfiles(profiles, pool.bytes(), options), patches: profiles.length }
}

function mergeProfiles(
  profiles: readonly StainProfile[],
  bytes: Uint8Array,
  options: MacenkoOptions,
): StainProfile {
  if (profiles.length === 1) return profiles[0]
  const workspace = openWorkspace(bytes.length / 3)
  if (options.references === 'concatenated') {
    const profile = estimateProfile(bytes, options, workspace)
    if (!('verdict' in profile)) return profile
  }
  if (options.references === 'averaged') return meanProfile(profiles)
  const stains = averageStains(profiles.map((profile) => profile.stains))
  const rows = unmixingRows(stains)
  if (!rows) return meanProfile(profiles)
  const density = densityTable(options.io)
  const maxConcentrations = concentrationPercentiles(bytes, density, rows, options.percentile, workspace)
  return { stains, maxConcentrations }
}

// torchstain's avg-post: plain means, the vectors' length left as it comes out.
function meanProfile(profiles: readonly StainProfile[]): StainProfile {
  const mean = (pick: (profile: StainProfile) => number) =>
    profiles.reduce((sum, profile) => sum + pick(profile), 0) / profiles.length
  const vector = (stain: 0 | 1) =>
    [0, 1, 2].map((k) => mean((p) => p.stains[stain][k])) as unknown as StainProfile['stains'][0]
  return {
    stains: [vector(0), vector(1)],
    maxConcentrations: [mean((p) => p.maxConcentrations[0]), mean((p) => p.maxConcentrations[1])],
  }
}

function applyMacenko(batch: Pixels, fit: MacenkoFit, given: MacenkoOptions) {
  const options = { ...macenkoDefaults, ...given }
  const density = densityTable(options.io)
  const workspace = openWorkspace(batch.height * batch.width)
  return transformPatches(batch, (data, out) => {
    const profile = estimateProfile(data, options, workspace)
    if ('verdict' in profile) return profile
    const scale: [number, number] = [
      fit.maxConcentrations[0] / profile.maxConcentrations[0],
      fit.maxConcentrations[1] / profile.maxConcentrations[1],
    ]
    const map = densityMap(unmixingRows(profile.stains)!, fit.stains, scale)
    restainPixels(data, out, density, map, options.io)
    return ok
  })
}
