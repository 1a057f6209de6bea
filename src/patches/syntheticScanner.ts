// From concentrations to pixels: Beer-Lambert (I = I0 exp(-(C_H h + C_E e))), then the scanner: gamma, blur,
// white balance, sharpening, noise, 8 bits, JPEG.

import { openRandom, type Random } from '../base/index.ts'
import type { Slide } from './syntheticCenters.ts'
import { degradeAsJpeg } from './syntheticJpeg.ts'
import type { Field } from './syntheticNoise.ts'

/** Scans a section: HWC bytes of `size` x `size`. `random` makes the noise only. */
export function scanSection(
  hematoxylin: Field,
  eosin: Field,
  size: number,
  slide: Slide,
  random: Random,
): Uint8Array {
  const rgb = new Uint8Array(size * size * 3)
  const light = new Float32Array(size * size)
  const scratch = new Float32Array(size * size)
  const focus = blurWeights(slide.blur)
  const halo = blurWeights(1.2)
  for (let channel = 0; channel < 3; channel++) {
    // A power of the light is a factor on its density; the steps of the table are far below one grey level.
    const h = slide.hematoxylin[channel] * slide.gamma * densitySteps
    const e = slide.eosin[channel] * slide.gamma * densitySteps
    const white = slide.white[channel]
    for (let i = 0; i < light.length; i++) {
      const density = Math.min(transmission.length - 1, hematoxylin[i] * h + eosin[i] * e + 0.5)
      light[i] = white * transmission[density | 0]
    }
    blurField(light, size, focus, scratch)
    if (slide.sharpening > 0) sharpenField(light, size, halo, slide.sharpening, scratch)
    writeChannel(light, rgb, channel, slide.noise, random)
  }
  degradeAsJpeg(rgb, size, slide.quality)
  return rgb
}

// exp(-density) in steps of 1/1000 up to 8: a table is four times as fast as the function.
const densitySteps = 1000
const transmission = Float32Array.from({ length: 8 * densitySteps }, (_, i) => Math.exp(-i / densitySteps))

// Five taps: enough for the standard deviations of scanners, below 1.3 pixels.
function blurWeights(deviation: number): readonly [number, number, number] {
  const near = Math.exp(-0.5 / deviation ** 2)
  const far = Math.exp(-2 / deviation ** 2)
  const sum = 1 + 2 * near + 2 * far
  return [1 / sum, near / sum, far / sum]
}

function blurField(
  field: Field,
  size: number,
  weights: readonly [number, number, number],
  scratch: Field,
): void {
  blurLines(field, scratch, size, 1, size, weights)
  blurLines(scratch, field, size, size, 1, weights)
}

// Blurs along `step`; lines start `pitch` apart. The border is repeated.
function blurLines(
  from: Field,
  to: Field,
  size: number,
  step: number,
  pitch: number,
  [w0, w1, w2]: readonly [number, number, number],
): void {
  for (let line = 0; line < size; line++) {
    const start = line * pitch
    const end = start + (size - 1) * step
    for (let k = 0; k < size; k++) {
      const i = start + k * step
      const left = k > 0 ? i - step : start
      const right = k < size - 1 ? i + step : end
      const farLeft = k > 1 ? i - 2 * step : start
      const farRight = k < size - 2 ? i + 2 * step : end
      to[i] = w0 * from[i] + w1 * (from[left] + from[right]) + w2 * (from[farLeft] + from[farRight])
    }
  }
}

function sharpenField(
  field: Field,
  size: number,
  weights: readonly [number, number, number],
  share: number,
  scratch: Field,
): void {
  const sharp = Float32Array.from(field)
  blurField(field, size, weights, scratch)
  for (let i = 0; i < field.length; i++) field[i] = sharp[i] + share * (sharp[i] - field[i])
}

// Standard normal numbers drawn once: drawing three a pixel would cost more than all the rest of a patch.
const bellTable = (() => {
  const random = openRandom(0, 'synthetic noise table')
  return Float32Array.from({ length: 1 << 16 }, () => random.normal())
})()

// Photon noise: its deviation grows with the root of the light.
function writeChannel(light: Field, rgb: Uint8Array, channel: number, noise: number, random: Random): void {
  const mask = bellTable.length - 1
  const deviation = noise / Math.sqrt(255)
  let at = random.integer(bellTable.length)
  const stride = 2 * random.integer(1 << 12) + 1 // odd: it visits the whole table before it repeats
  for (let i = 0; i < light.length; i++) {
    const level = Math.max(0, light[i])
    const value = level + deviation * Math.sqrt(level) * bellTable[at] + 0.5
    at = (at + stride) & mask
    rgb[3 * i + channel] = Math.max(0, Math.min(255, value))
  }
}
