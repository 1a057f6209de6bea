// How a patch is looked at: its density tables, what counts as tissue, how concentrations are found and what
// is rebuilt. The compatibility modes are rows of this one table; Eosin's own way adapts to the patch.

import { type OptionRules, oneOf, real } from '../base/index.ts'
import { assumedGlass, estimateWhite } from './glass.ts'
import {
  type DensityTables,
  densityTable,
  densityTablesBelow,
  highestLevelOf,
  positiveDensityTable,
} from './opticalDensity.ts'
import { findDarkPixels, findDensePixels, findTissue, leastTissue } from './tissue.ts'
import type { Workspace } from './workspace.ts'

/** Whose constants and steps are followed; `none` is Eosin's own way. */
export type Compatibility = 'none' | 'torchstain' | 'staintools' | 'tiatoolbox'

/** Options that every method working on tissue has. */
export interface DensityOptions {
  readonly compatibility: Compatibility
  /**
   * The level of clear glass: 255 as in the seed paper, 240 as torchstain's default. Eosin's own way
   * measures the source's glass and uses this for what it rebuilds.
   */
  readonly io: number
  /** torchstain's mode: a pixel is tissue where every channel's density is at least this; above 0. */
  readonly beta: number
  /** Eosin's own way: a pixel is tissue where the mean density of its channels is at least this; above 0. */
  readonly density: number
  /** Eosin's own way: the least share of tissue pixels that a patch's own stains can be fitted on, 0 to 1. */
  readonly minTissue: number
}

/** The constants that the methods share. */
export const densityDefaults: DensityOptions = {
  compatibility: 'none',
  io: 255,
  beta: 0.15,
  density: 0.1,
  minTissue: 0.02,
}

/** What each option may be. */
export const densityRules: OptionRules<DensityOptions> = {
  compatibility: oneOf(['none', 'torchstain', 'staintools', 'tiatoolbox']),
  io: real(1, 255),
  beta: real(0, 10, 'least'),
  density: real(0, 10, 'least'),
  minTissue: real(0, 1),
}

/** A patch seen through one library's eyes. */
export interface DensityView {
  readonly tables: DensityTables
  readonly io: number
  /** Weight of the l1 penalty of non-negative concentrations; null for plain least squares. */
  readonly sparsity: number | null
  /** Whether strengths are measured on tissue alone and background stays as it is. */
  readonly isTissueOnly: boolean
  /** The least number of tissue pixels that stains can be fitted on. */
  readonly minPixels: number
  /** Notes the tissue pixels of the patch in work in `workspace.offsets`, packs, and returns how many there are. */
  findTissue(workspace: Workspace): number
}

/** The view of the patch in work. */
export type ViewPatch = (workspace: Workspace) => DensityView

/** How patches are looked at under `options`. StainTools and tiatoolbox have no `io` and no `beta`. */
export function openView(options: DensityOptions): ViewPatch {
  const { compatibility, io, beta } = options
  if (compatibility === 'none') return (workspace) => adaptiveView(workspace, options)
  const isTorchstain = compatibility === 'torchstain'
  const table = isTorchstain ? densityTable(io) : positiveDensityTable()
  const highest = highestLevelOf(table, beta)
  const isStretched = compatibility === 'tiatoolbox'
  const tables: DensityTables = [table, table, table]
  const view: DensityView = {
    tables,
    io: isTorchstain ? io : 255,
    sparsity: compatibility === 'staintools' ? 0.01 : null,
    isTissueOnly: false,
    minPixels: 2,
    findTissue: isTorchstain
      ? (workspace) => findTissue(workspace, tables, highest)
      : (workspace) => findDarkPixels(workspace, tables, 0.8, isStretched),
  }
  return () => view
}

function adaptiveView(patch: Workspace, { io, density, minTissue }: DensityOptions): DensityView {
  const tables = densityTablesBelow(estimateWhite(patch, assumedGlass(io)))
  return {
    tables,
    io,
    sparsity: null,
    isTissueOnly: true,
    minPixels: leastTissue(minTissue, patch.pixelCount),
    findTissue: (workspace) => findDensePixels(workspace, tables, 3 * density),
  }
}
