// The rules that look at one patch alone, in their order of precedence: the first that rejects is the one named.

import type { Pixels } from '../base/index.ts'
import type { QualityOptions } from './options.ts'

/** What one pass over a patch's bytes tells. */
interface PatchCounts {
  readonly zeroChannels: number
  readonly zeroPixels: number
  readonly whitePixels: number
  /** The largest over the channels of largest minus smallest value. */
  readonly range: number
}

/** A rule that rejected a patch, and the value that did. */
export interface RuleHit {
  readonly rule: 'black' | 'constant' | 'white'
  readonly value: number
}

/**
 * Judges the one patch in `patch` (a batch of one); null where no rule rejects it.
 * The order is fixed: black, constant, white. Values: a count, a range of levels, a share of pixels.
 */
export function judgePatch(patch: Pixels, options: QualityOptions): RuleHit | null {
  const { black, constant, white } = options
  const counts = countPatch(patch.data, white?.level ?? 256)
  const zeros = black?.count === 'pixels' ? counts.zeroPixels : counts.zeroChannels
  if (black && zeros > black.over) return { rule: 'black', value: zeros }
  if (constant && counts.range <= constant.range) return { rule: 'constant', value: counts.range }
  const share = counts.whitePixels / (patch.height * patch.width)
  if (white && share >= white.share) return { rule: 'white', value: share }
  return null
}

function countPatch(data: Uint8Array, whiteLevel: number): PatchCounts {
  let zeroChannels = 0
  let zeroPixels = 0
  let whitePixels = 0
  const low = [255, 255, 255]
  const high = [0, 0, 0]
  for (let at = 0; at < data.length; at += 3) {
    let zeros = 0
    let whites = 0
    for (let channel = 0; channel < 3; channel++) {
      const value = data[at + channel]
      if (value === 0) zeros++
      if (value >= whiteLevel) whites++
      if (value < low[channel]) low[channel] = value
      if (value > high[channel]) high[channel] = value
    }
    zeroChannels += zeros
    if (zeros === 3) zeroPixels++
    if (whites === 3) whitePixels++
  }
  const range = data.length ? Math.max(...high.map((value, channel) => value - low[channel])) : 0
  return { zeroChannels, zeroPixels, whitePixels, range }
}
