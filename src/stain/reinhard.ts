// Reinhard et al. 2001, 'Color transfer between images', in CIELAB: mean and spread of each channel are
// brought to the reference's. Reference implementations: torchstain (float LAB, and its 'modified' variant
// after Roy et al. 2021), StainTools and tiatoolbox (OpenCV's 8-bit LAB). Eosin's own way measures and
// changes tissue only, so that the amount of glass in a patch has no say in its colours.

import { DataError, oneOf, type Pixels, pixelsAt } from '../base/index.ts'
import { type DensityOptions, densityDefaults, densityRules, openView } from './densityView.ts'
import { summariseLab8, transferLab8 } from './labBytes.ts'
import { type LabMap, type LabStatistics, rootPixels, summariseRoots, writeRoots } from './labRoots.ts'
import type { ApplyContext, StainMethod, StainResult } from './stainMethod.ts'
import { fallBack, type Outcome, ok, passThrough, rejectPatch, transformPatches } from './verdicts.ts'
import { openWorkspace, type PixelChoice, type Workspace } from './workspace.ts'

/** Options of Reinhard's method. */
export interface ReinhardOptions extends DensityOptions {
  /** `modified` stretches L about its own mean and only shifts a and b. */
  readonly variant: 'plain' | 'modified'
}

/** The reference's LAB statistics and how many patches they rest on. */
export type ReinhardFit = LabStatistics & { readonly patches: number; readonly [key: string]: unknown }

// A typical H&E slide (the published Macenko target's colours), for want of a reference.
const publishedStatistics: LabStatistics = { means: [62.9, 26.4, -22.6], deviations: [14.3, 8.1, 6.9] }

/** Brings mean and spread of L, a and b to the reference's. */
export const reinhard: StainMethod<ReinhardOptions, ReinhardFit> = {
  name: 'reinhard',
  version: 3,
  about: 'Mean and spread of CIELAB channels brought to the reference (Reinhard 2001).',
  defaults: {
    ...densityDefaults,
    variant: 'plain',
  },
  rules: { ...densityRules, variant: oneOf(['plain', 'modified']) },
  needsReference: true,
  fallsBack: true,
  fit: fitReinhard,
  apply: applyReinhard,
}

const isLab8 = ({ compatibility }: DensityOptions) =>
  compatibility === 'staintools' || compatibility === 'tiatoolbox'

async function fitReinhard(reference: AsyncIterable<Pixels>, given: ReinhardOptions): Promise<ReinhardFit> {
  const options = { ...reinhard.defaults, ...given }
  const found: LabStatistics[] = []
  let seen = 0
  for await (const batch of reference) {
    const workspace = openWorkspace(batch.height * batch.width)
    for (let index = 0; index < batch.count; index++, seen++) {
      const { data } = pixelsAt(batch, index)
      const statistics = isLab8(options) ? summariseLab8(data) : measureEnough(data, options, workspace)
      if (statistics?.deviations.every((deviation) => deviation > 0)) found.push(statistics)
    }
  }
  if (seen === 0) return { ...publishedStatistics, patches: 0 }
  if (found.length === 0) {
    throw new DataError({
      where: 'stain reference',
      expected: 'tissue of more than one colour',
      got: `${seen} patches without`,
      hint: 'choose reference patches with tissue',
    })
  }
  return { ...averageStatistics(found), patches: found.length }
}

// Means of the patches' statistics: over all pixels together, differences between patches would count as spread.
function averageStatistics(found: readonly LabStatistics[]): LabStatistics {
  const mean = (pick: (statistics: LabStatistics) => number) =>
    found.reduce((sum, statistics) => sum + pick(statistics), 0) / found.length
  return {
    means: [mean((s) => s.means[0]), mean((s) => s.means[1]), mean((s) => s.means[2])],
    deviations: [mean((s) => s.deviations[0]), mean((s) => s.deviations[1]), mean((s) => s.deviations[2])],
  }
}

/** What measureTissue finds. */
interface Tissue {
  readonly choice: PixelChoice
  readonly minPixels: number
  readonly statistics: LabStatistics | null
}

/** LAB statistics of tissue pixels, null where there are none; in torchstain's mode, of all pixels. */
export function measureTissue(data: Uint8Array, options: ReinhardOptions, workspace: Workspace): Tissue {
  workspace.load(data)
  const isTissue = options.compatibility !== 'torchstain'
  const view = isTissue ? openView(options)(workspace) : null
  const choice = { isTissue, count: view ? view.findTissue(workspace) : data.length / 3 }
  if (choice.count === 0) return { choice, minPixels: 1, statistics: null }
  rootPixels(workspace, choice)
  return { choice, minPixels: view?.minPixels ?? 1, statistics: summariseRoots(workspace, choice.count) }
}

// null where there is too little tissue for a reference.
function measureEnough(
  data: Uint8Array,
  options: ReinhardOptions,
  workspace: Workspace,
): LabStatistics | null {
  const { choice, minPixels, statistics } = measureTissue(data, options, workspace)
  return choice.count < minPixels ? null : statistics
}

function applyReinhard(
  batch: Pixels,
  fit: ReinhardFit,
  given: ReinhardOptions,
  { groups, out: room }: ApplyContext<ReinhardFit> = {},
): StainResult {
  const options = { ...reinhard.defaults, ...given }
  const workspace = openWorkspace(batch.height * batch.width)
  return transformPatches(
    batch,
    (data, out, index) => {
      if (isLab8(options)) return transferLab8(data, out, fit)
      const { choice, minPixels, statistics } = measureTissue(data, options, workspace)
      if (!statistics) return passThrough('background: no tissue pixels')
      const own: LabMap | Outcome =
        choice.count < minPixels
          ? passThrough(`too little tissue: ${choice.count} of ${data.length / 3} pixels`)
          : labMap(statistics, fit, options)
      const group = groups?.[index]
      const map = 'verdict' in own && group ? labMap(group, fit, options) : own
      if ('verdict' in map) return map
      writeRoots(workspace, choice, map)
      out.set(workspace.data)
      return 'verdict' in own ? fallBack(own.reason ?? '') : ok
    },
    room,
  )
}

/** A channel with less has no spread. */
export const leastDeviation = 1e-4
/** What `modified` adds where a patch has more contrast than the target. */
export const leastContrast = 0.05

/** The change from one patch's statistics to the target's; rejected where a channel has no spread. */
export function labMap(
  { means, deviations }: LabStatistics,
  target: LabStatistics,
  { compatibility, variant }: Pick<ReinhardOptions, 'compatibility' | 'variant'>,
): LabMap | Outcome {
  if (variant === 'modified') {
    if (compatibility === 'none' && !(deviations[0] > leastDeviation))
      return rejectPatch('one lightness all over')
    const contrast = (target.deviations[0] - deviations[0]) / target.deviations[0]
    const gain = 1 + (contrast > 0 ? contrast : leastContrast)
    return {
      gains: [gain, 1, 1],
      shifts: [means[0] * (1 - gain), target.means[1] - means[1], target.means[2] - means[2]],
    }
  }
  if (deviations.some((deviation) => !(deviation > leastDeviation)))
    return rejectPatch('a colour channel without spread')
  const gains = [0, 1, 2].map((k) => target.deviations[k] / deviations[k])
  const shifts = [0, 1, 2].map((k) => target.means[k] - means[k] * gains[k])
  return { gains, shifts } as unknown as LabMap
}
