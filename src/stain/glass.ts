// Clear glass as a patch itself shows it: the level that light has where no tissue takes any away.

import type { Workspace } from './workspace.ts'

/**
 * How glass is told: from `sample` pixels at even steps, as the level that all but one in a hundred stay below, no darker
 * than `darkest` and no further apart between channels than `apart`.
 */
export const glassRule = { sample: 4096, share: 0.99, darkest: 205, apart: 40 } as const

/** The level of glass that a patch without any is seen against, for clear glass of level `io`. */
export function assumedGlass(io: number): number {
  return Math.min(255, Math.round(io) - 1)
}

/**
 * Clear glass as the patch in work shows it: the level that one pixel in a hundred exceeds, channel by channel; or
 * `otherwise` on all channels where that is no glass, being too dark or too colourful.
 */
export function estimateWhite(
  { kernels, address, memory, data }: Workspace,
  otherwise: number,
): [number, number, number] {
  const pixelCount = data.length / 3
  const step = Math.max(1, Math.floor(pixelCount / glassRule.sample))
  const histograms = new Int32Array(memory, address.weights, 768).fill(0)
  kernels.countLevels(address.data, pixelCount, step, address.weights)
  const wanted = glassRule.share * Math.ceil(pixelCount / step)
  const levelOf = (channel: number) => {
    let level = 0
    let passed = histograms[256 * channel]
    while (passed <= wanted && level < 255) passed += histograms[256 * channel + ++level]
    return level
  }
  const [r, g, b] = [levelOf(0), levelOf(1), levelOf(2)]
  const darkest = Math.min(r, g, b)
  const isGlass = darkest >= glassRule.darkest && Math.max(r, g, b) - darkest <= glassRule.apart
  return isGlass ? [r, g, b] : [otherwise, otherwise, otherwise]
}
