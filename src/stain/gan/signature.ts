// A patch's or a center's colours in six numbers: means and deviations of CIELAB over tissue. By them the center
// nearest to a patch is found, without a label and without a look at other patches of its center.

import { type Pixels, pixelsAt } from '../../base/index.ts'
import { measureTissue, reinhard } from '../reinhard.ts'
import { openWorkspace } from '../workspace.ts'

/** Means of L, a, b over tissue pixels, then their deviations. */
export type Signature = readonly number[]

/** The signature of each patch, null where it has too little tissue. */
export function signPatches(batch: Pixels): (Signature | null)[] {
  const workspace = openWorkspace(batch.height * batch.width)
  return Array.from({ length: batch.count }, (_, index) => {
    const { data } = pixelsAt(batch, index)
    const { choice, minPixels, statistics } = measureTissue(data, reinhard.defaults, workspace)
    if (!statistics || choice.count < minPixels) return null
    return [...statistics.means, ...statistics.deviations]
  })
}

/** The mean of signatures; null where there are none. */
export function meanSignature(signatures: readonly (Signature | null)[]): Signature | null {
  const found = signatures.filter((signature) => signature !== null)
  if (found.length === 0) return null
  return found[0].map((_, k) => found.reduce((sum, signature) => sum + signature[k], 0) / found.length)
}

/** The distance of two signatures, in units of CIELAB. */
export function signatureDistance(a: Signature, b: Signature): number {
  return Math.hypot(...a.map((value, k) => value - b[k]))
}
