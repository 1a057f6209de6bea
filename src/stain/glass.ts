// Clear glass as a patch itself shows it: the level that light has where no tissue takes any away.

import type { Workspace } from './workspace.ts'

// Pixels that the colour of glass is told from, at even steps.
const whiteSample = 4096

/**
 * Clear glass as the patch in work shows it: the level that one pixel in a hundred exceeds, channel by channel; or
 * `otherwise` on all channels where that is no glass, being too dark or too colourful.
 */
export function estimateWhite(
  { kernels, address, memory, data }: Workspace,
  otherwise: number,
): [number, number, number] {
  const pixelCount = data.length / 3
  const step = Math.max(1, Math.floor(pixelCount / whiteSample))
  const histograms = new Int32Array(memory, address.weights, 768).fill(0)
  kernels.countLevels(address.data, pixelCount, step, address.weights)
  const wanted = 0.99 * Math.ceil(pixelCount / step)
  const levelOf = (channel: number) => {
    let level = 0
    let passed = histograms[256 * channel]
    while (passed <= wanted && level < 255) passed += histograms[256 * channel + ++level]
    return level
  }
  const [r, g, b] = [levelOf(0), levelOf(1), levelOf(2)]
  const darkest = Math.min(r, g, b)
  const isGlass = darkest >= 205 && Math.max(r, g, b) - darkest <= 40
  return isGlass ? [r, g, b] : [otherwise, otherwise, otherwise]
}
