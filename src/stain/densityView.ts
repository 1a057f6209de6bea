// How a library looks at a patch: its density table, what it calls tissue, how it finds concentrations.
// The compatibility modes are rows of this one table.

import { densityTable, highestLevelOf, positiveDensityTable } from './opticalDensity.ts'
import { findDarkPixels, findTissue, type Workspace } from './tissue.ts'

/** Whose constants and steps are followed; `none` is Eosin's own way. */
export type Compatibility = 'none' | 'torchstain' | 'staintools' | 'tiatoolbox'

/** Options that every method with two stains has. */
export interface DensityOptions {
  readonly compatibility: Compatibility
  /** The level of clear glass: 255 as in the seed paper, 240 as torchstain's default. */
  readonly io: number
  /** A pixel is tissue where every channel's density is at least this; above 0. */
  readonly beta: number
}

/** A patch seen through one library's eyes. */
export interface DensityView {
  readonly density: Float64Array
  readonly io: number
  /** Weight of the l1 penalty of non-negative concentrations; null for plain least squares. */
  readonly sparsity: number | null
  /** Notes the byte offsets of tissue pixels in `workspace.offsets` and returns how many there are. */
  findTissue(data: Uint8Array, workspace: Workspace): number
}

/** The view that `options` ask for. StainTools and tiatoolbox have no `io` and no `beta`. */
export function viewOf({ compatibility, io, beta }: DensityOptions): DensityView {
  if (compatibility === 'staintools' || compatibility === 'tiatoolbox') {
    const isStretched = compatibility === 'tiatoolbox'
    return {
      density: positiveDensityTable(),
      io: 255,
      sparsity: isStretched ? null : 0.01,
      findTissue: (data, workspace) => findDarkPixels(data, 0.8, isStretched, workspace),
    }
  }
  const density = densityTable(io)
  const highest = highestLevelOf(density, beta)
  return {
    density,
    io,
    sparsity: null,
    findTissue: (data, { offsets }) => findTissue(data, highest, offsets),
  }
}
