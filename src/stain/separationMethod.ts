// A stain method from the one thing that sets methods with two stains apart: how the vectors are found.
// Fitting on references, applying, and verdicts are the same for all.

import { DataError, type OptionRules, oneOf, type Pixels, pixelsAt, real } from '../base/index.ts'
import { type ColourPool, openColourPool } from './colourPool.ts'
import {
  type DensityOptions,
  type DensityView,
  densityDefaults,
  densityRules,
  openView,
  type ViewPatch,
} from './densityView.ts'
import { percentileOf } from './quantile.ts'
import { measureStrengths, rebuildPatch } from './separation.ts'
import {
  angleBetween,
  averageStains,
  publishedProfile,
  type StainMatrix,
  type StainProfile,
} from './stainMatrix.ts'
import type { ApplyContext, StainMethod, StainResult } from './stainMethod.ts'
import { fallBack, type Outcome, ok, passThrough, rejectPatch, transformPatches } from './verdicts.ts'
import { openWorkspace, type PixelChoice, type Workspace } from './workspace.ts'

/** Options that all these methods have. */
export interface SeparationOptions extends DensityOptions {
  /** Percentile of the concentrations that counts as full strength. */
  readonly percentile: number
  /**
   * Several references: `pooled` averages the directions of the stain vectors and takes the median of the
   * strengths, `averaged` takes plain means of both (torchstain's avg-post), `concatenated` treats them as
   * one image (its darkest patch decides on the strengths).
   */
  readonly references: 'pooled' | 'averaged' | 'concatenated'
  /** Eosin's own way: the least angle between the two stains, degrees; below it a patch shows one stain only. */
  readonly minAngle: number
  /** Eosin's own way: no stain is made more than this many times as strong. */
  readonly maxGain: number
}

/** The constants that the methods share. */
export const separationDefaults: SeparationOptions = {
  ...densityDefaults,
  percentile: 99,
  references: 'pooled',
  minAngle: 5,
  maxGain: 4,
}

/** What each option may be. */
export const separationRules: OptionRules<SeparationOptions> = {
  ...densityRules,
  percentile: real(0, 100),
  references: oneOf(['pooled', 'averaged', 'concatenated']),
  minAngle: real(0, 90),
  maxGain: real(0, 1000, 'least'),
}

/** The reference's stains, and how many reference patches they rest on (0: the published target). */
export type SeparationFit = StainProfile & { readonly patches: number; readonly [key: string]: unknown }

/** What sets one method apart. */
export interface SeparationRecipe<Options extends SeparationOptions> {
  readonly name: string
  readonly version: number
  readonly about: string
  readonly defaults: Options
  readonly rules: OptionRules<Options>
  readonly isCostly?: true
  /**
   * The stain vectors of the `count` >= 2 tissue pixels at `workspace.offsets`, or why there are none.
   * Never throws; the result is finite; the offsets stay as they are.
   */
  findVectors(workspace: Workspace, view: DensityView, count: number, options: Options): StainMatrix | Outcome
}

/** Completes a recipe to a stain method. */
export function separationMethod<Options extends SeparationOptions>(
  recipe: SeparationRecipe<Options>,
): StainMethod<Options, SeparationFit> {
  const { name, version, about, defaults, rules, isCostly } = recipe
  return {
    ...(isCostly && { isCostly }),
    name,
    version,
    about,
    defaults,
    rules,
    needsReference: true,
    fallsBack: true,
    fit: (reference, options) => fitReference(recipe, reference, { ...defaults, ...options }),
    apply: (batch, fit, options, context = {}) =>
      applyFit(recipe, batch, fit, { ...defaults, ...options }, context),
  }
}

/** The stains and strengths of one patch's bytes under `options`, or why it has none. */
export function profilePatch<Options extends SeparationOptions>(
  recipe: SeparationRecipe<Options>,
  data: Uint8Array,
  options: Options,
  workspace: Workspace,
): StainProfile | Outcome {
  workspace.load(data)
  const view = openView(options)(workspace)
  return profileTissue(recipe, workspace, view, view.findTissue(workspace), options)
}

function profileTissue<Options extends SeparationOptions>(
  recipe: SeparationRecipe<Options>,
  workspace: Workspace,
  view: DensityView,
  count: number,
  options: Options,
): StainProfile | Outcome {
  if (count < view.minPixels) {
    return passThrough(`too little tissue: ${count} of ${workspace.data.length / 3} pixels`)
  }
  const stains = recipe.findVectors(workspace, view, count, options)
  if ('verdict' in stains) return stains
  const isOwn = options.compatibility === 'none'
  if (isOwn && angleBetween(...stains) < options.minAngle) return rejectPatch('one stain only')
  const choice = chooseMeasured(workspace, view, count)
  const maxConcentrations = measureStrengths(workspace, view, stains, options.percentile, choice)
  if (!maxConcentrations) return rejectPatch('both stains in one direction')
  // The libraries divide by whatever comes out; only where nothing is defined do the modes stop.
  const [h, e] = maxConcentrations
  const isUsable = isOwn ? h > 0 && e > 0 : Math.abs(h * e) > 0
  return isUsable ? { stains, maxConcentrations } : rejectPatch('a stain without strength')
}

function chooseMeasured({ data }: Workspace, { isTissueOnly }: DensityView, count: number): PixelChoice {
  return { isTissue: isTissueOnly, count: isTissueOnly ? count : data.length / 3 }
}

async function fitReference<Options extends SeparationOptions>(
  recipe: SeparationRecipe<Options>,
  reference: AsyncIterable<Pixels>,
  options: Options,
): Promise<SeparationFit> {
  const pool = options.references === 'concatenated' ? openColourPool() : null
  const profiles: StainProfile[] = []
  let seen = 0
  let reason = ''
  for await (const batch of reference) {
    const workspace = openWorkspace(batch.height * batch.width)
    for (let index = 0; index < batch.count; index++, seen++) {
      const patch = pixelsAt(batch, index)
      const profile = profilePatch(recipe, patch.data, options, workspace)
      if ('verdict' in profile) {
        reason = profile.reason ?? ''
        continue
      }
      profiles.push(profile)
      pool?.add(patch)
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
  return { ...mergeProfiles(recipe, profiles, pool, options), patches: profiles.length }
}

function mergeProfiles<Options extends SeparationOptions>(
  recipe: SeparationRecipe<Options>,
  profiles: readonly StainProfile[],
  pool: ColourPool | null,
  options: Options,
): StainProfile {
  if (profiles.length === 1) return profiles[0]
  if (options.references === 'averaged') return meanProfile(profiles)
  if (pool) {
    const bytes = pool.bytes()
    const profile = profilePatch(recipe, bytes, options, openWorkspace(bytes.length / 3))
    if (!('verdict' in profile)) return profile
  }
  return poolProfiles(profiles)
}

function poolProfiles(profiles: readonly StainProfile[]): StainProfile {
  const middle = (stain: 0 | 1) => {
    const strengths = Float64Array.from(profiles, ({ maxConcentrations }) => maxConcentrations[stain])
    return percentileOf(strengths, strengths.length, 50)
  }
  const stains = averageStains(profiles.map((profile) => profile.stains))
  return { stains, maxConcentrations: [middle(0), middle(1)] }
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

function applyFit<Options extends SeparationOptions>(
  recipe: SeparationRecipe<Options>,
  batch: Pixels,
  fit: SeparationFit,
  options: Options,
  { groups, out: room }: ApplyContext<SeparationFit>,
): StainResult {
  const workspace = openWorkspace(batch.height * batch.width)
  const viewPatch: ViewPatch = openView(options)
  const maxGain = options.compatibility === 'none' ? options.maxGain : Infinity
  return transformPatches(
    batch,
    (data, out, index) => {
      workspace.load(data)
      const view = viewPatch(workspace)
      const count = view.findTissue(workspace)
      const own = profileTissue(recipe, workspace, view, count, options)
      const group = groups?.[index]
      const source = 'verdict' in own ? group : own
      if (!source || count === 0) return own as Outcome
      rebuildPatch(workspace, view, source, fit, maxGain, chooseMeasured(workspace, view, count))
      out.set(workspace.data)
      return 'verdict' in own ? fallBack(own.reason ?? '') : ok
    },
    room,
  )
}
