// Stain augmentation for training: patches as other laboratories might have stained them. Strengths vary
// (Tellez et al. 2018, IEEE TMI, and the ranges of torchstain and StainTools), or a patch takes on another
// center's stains. Glass stays as it is. Pure: the outcome follows from the patch and the random stream.

import {
  invert3,
  type OptionRules,
  type Pixels,
  pixelsAt,
  type Random,
  real,
  ruifrokVectors,
} from '../base/index.ts'
import { openView } from './densityView.ts'
import type { Vector } from './eigen.ts'
import { estimateWhite } from './glass.ts'
import { macenkoDefaults, macenkoRecipe } from './macenko.ts'
import { densityTablesBelow } from './opticalDensity.ts'
import { restainPixels } from './restain.ts'
import { rebuildPatch } from './separation.ts'
import { profilePatch } from './separationMethod.ts'
import { publishedProfile, type StainMatrix, type StainProfile, unmixingRows } from './stainMatrix.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** How far concentrations go: c becomes c (1 + u scale) + v shift with u and v uniform in -1 to 1. */
export interface JitterOptions {
  readonly scale: number
  readonly shift: number
}

/** A way to augment a batch; `draw(index)` is the random stream that decides on a patch. */
export type StainAugmentation<Options> = (
  batch: Pixels,
  draw: (index: number) => Random,
  options: Options,
) => Pixels

/** torchstain's and StainTools' ranges are 0.2 and 0.2, which is a lot; shifts are on tissue only. */
export const concentrationDefaults: JitterOptions = { scale: 0.2, shift: 0.1 }

/** Tellez et al.'s HED-light: 0.05 and 0.05. */
export const hedDefaults: JitterOptions = { scale: 0.05, shift: 0.05 }

/** Jitters each patch's own two stains; what lies outside their plane stays. */
export const jitterConcentrations: StainAugmentation<JitterOptions> = (batch, draw, options) =>
  augmentPatches(batch, (data, workspace, index) => {
    const profile = profilePatch(macenkoRecipe, data, macenkoDefaults, workspace)
    const stains: StainMatrix = 'verdict' in profile ? publishedProfile.stains : profile.stains
    jitter(workspace, stains, unmixingRows(stains)!, draw(index), options)
  })

// Three stains and the rows that unmix them.
const hed: readonly Vector[] = [ruifrokVectors.hematoxylin, ruifrokVectors.eosin, ruifrokVectors.residual]
const hedInverse = invert3(hed)
const hedRows = [0, 1, 2].map(
  (stain): Vector => [hedInverse[0][stain], hedInverse[1][stain], hedInverse[2][stain]],
)

/** Jitters hematoxylin, eosin and a third, brown stain of fixed colours. */
export const jitterHed: StainAugmentation<JitterOptions> = (batch, draw, options) =>
  augmentPatches(batch, (_data, workspace, index) => jitter(workspace, hed, hedRows, draw(index), options))

/** The stains that patch `index` may take on; it stays as it is where there are none. */
export interface RestainOptions {
  readonly targetsOf: (index: number) => readonly StainProfile[]
}

/** Moves each patch a random part of the way from its own stains to those of one of its targets. */
export const restainRandomly: StainAugmentation<RestainOptions> = (batch, draw, { targetsOf }) =>
  augmentPatches(batch, (data, workspace, index) => {
    const targets = targetsOf(index)
    if (targets.length === 0) return
    const random = draw(index)
    const target = targets[random.integer(targets.length)]
    const part = random.uniform()
    const own = profilePatch(macenkoRecipe, data, macenkoDefaults, workspace)
    if ('verdict' in own) return
    const view = openView(macenkoDefaults)(workspace)
    const choice = { isTissue: true, count: view.findTissue(workspace) }
    rebuildPatch(workspace, view, own, mixProfiles(own, target, part), macenkoDefaults.maxGain, choice)
  })

/** All augmentations by name. */
export const stainAugmentations = {
  concentration: jitterConcentrations,
  hed: jitterHed,
  restain: restainRandomly,
} satisfies Record<string, StainAugmentation<never>>

const jitterRules: OptionRules<JitterOptions> = { scale: real(0, 1), shift: real(0, 1) }

/** What their options may be, by name. */
export const augmentationRules = {
  none: {},
  concentration: jitterRules,
  hed: jitterRules,
  restain: {},
} satisfies Record<keyof typeof augmentationDefaults, object>

/** Their options by name; `none` is no augmentation. */
export const augmentationDefaults = {
  none: {},
  concentration: concentrationDefaults,
  hed: hedDefaults,
  restain: {},
} satisfies Record<'none' | keyof typeof stainAugmentations, object>

function augmentPatches(
  batch: Pixels,
  change: (data: Uint8Array, workspace: Workspace, index: number) => void,
): Pixels {
  const pixels: Pixels = { ...batch, data: new Uint8Array(batch.data.length) }
  const workspace = openWorkspace(batch.height * batch.width)
  for (let index = 0; index < batch.count; index++) {
    const { data } = pixelsAt(batch, index)
    workspace.load(data)
    change(data, workspace, index)
    pixelsAt(pixels, index).data.set(workspace.data)
  }
  return pixels
}

// density + sum over stains of ((gain - 1) c + shift) stain, as one linear map and a factor a channel.
function jitter(
  workspace: Workspace,
  stains: readonly Vector[],
  rows: readonly Vector[],
  random: Random,
  { scale, shift }: JitterOptions,
): void {
  const around = (width: number) => width * (2 * random.uniform() - 1)
  const draws = stains.map(() => ({ gain: around(scale), offset: around(shift) }))
  const white = estimateWhite(workspace, 254)
  const entry = (k: number, j: number) =>
    draws.reduce((sum, { gain }, s) => sum + gain * stains[s][k] * rows[s][j], k === j ? 1 : 0)
  const row = (k: number): Vector => [entry(k, 0), entry(k, 1), entry(k, 2)]
  // Half a level less than glass, so that truncation gives back the same level where nothing changes.
  const level = (k: number) =>
    (white[k] + 0.5) * Math.exp(-draws.reduce((sum, { offset }, s) => sum + offset * stains[s][k], 0))
  const view = openView(macenkoDefaults)(workspace)
  const choice = { isTissue: true, count: view.findTissue(workspace) }
  const levels: Vector = [level(0), level(1), level(2)]
  restainPixels(workspace, densityTablesBelow(white), [row(0), row(1), row(2)], levels, choice)
}

function mixProfiles(own: StainProfile, target: StainProfile, part: number): StainProfile {
  const mix = (a: number, b: number) => a + part * (b - a)
  const vector = (s: 0 | 1): Vector => {
    const [x, y, z] = [0, 1, 2].map((k) => mix(own.stains[s][k], target.stains[s][k]))
    const length = Math.hypot(x, y, z)
    return [x / length, y / length, z / length]
  }
  return {
    stains: [vector(0), vector(1)],
    maxConcentrations: [
      mix(own.maxConcentrations[0], target.maxConcentrations[0]),
      mix(own.maxConcentrations[1], target.maxConcentrations[1]),
    ],
  }
}
