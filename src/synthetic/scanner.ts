// From concentrations to pixels: Beer-Lambert (I = I0 exp(-(C_H h + C_E e))), then the scanner: gamma, blur and
// sharpening, white balance, noise, 8 bits, JPEG.

import { openRandom, type Random } from '../base/index.ts'
import type { Slide } from './centers.ts'
import { degradeAsJpeg } from './jpeg.ts'
import type { Field } from './noise.ts'

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
  const optics = makeOptics(slide.blur, slide.sharpening)
  for (let channel = 0; channel < 3; channel++) {
    // A power of the light is a factor on its density; the steps of the table are far below one grey level.
    const h = slide.hematoxylin[channel] * slide.gamma * densitySteps
    const e = slide.eosin[channel] * slide.gamma * densitySteps
    const white = slide.white[channel]
    for (let i = 0; i < light.length; i++) {
      const density = Math.min(transmission.length - 1, hematoxylin[i] * h + eosin[i] * e + 0.5)
      light[i] = white * transmission[density | 0]
    }
    spreadLight(light, size, optics)
    writeChannel(light, rgb, channel, slide.noise, random)
  }
  degradeAsJpeg(rgb, size, slide.quality)
  return rgb
}

// exp(-density) in steps of 1/1000 up to 8: a table is four times as fast as the function.
const densitySteps = 1000
const transmission = Float32Array.from({ length: 8 * densitySteps }, (_, i) => Math.exp(-i / densitySteps))

const reach = 3
const haloDeviation = 1.3

/**
 * The weights of a line of light, middle first, each later one for both sides: a Gaussian of `blur` pixels,
 * less a share `sharpening` of a wider one (an unsharp mask). They sum to 1 over the seven pixels.
 */
export function makeOptics(blur: number, sharpening: number): Float64Array {
  const focus = gaussian(blur)
  const halo = gaussian(Math.sqrt(blur ** 2 + haloDeviation ** 2))
  return focus.map((weight, i) => (1 + sharpening) * weight - sharpening * halo[i])
}

function gaussian(deviation: number): Float64Array {
  const bell = Float64Array.from({ length: reach + 1 }, (_, i) => Math.exp(-0.5 * (i / deviation) ** 2))
  const sum = bell.reduce((total, weight) => total + 2 * weight, -bell[0])
  return bell.map((weight) => weight / sum)
}

function spreadLight(light: Field, size: number, [w0, w1, w2, w3]: Float64Array): void {
  const turned = new Float32Array(light.length)
  for (let line = 0; line < size; line++) spreadLine(light, turned, line, size, w0, w1, w2, w3)
  for (let line = 0; line < size; line++) spreadLine(turned, light, line, size, w0, w1, w2, w3)
}

// Reads a row and writes a column: doing so twice spreads along both and turns the field back.
function spreadLine(
  from: Field,
  to: Field,
  line: number,
  size: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): void {
  const start = line * size
  const last = size - 1
  for (let k = 0; k < size; k++) {
    const i = start + k
    const sum =
      k >= reach && k < size - reach
        ? w1 * (from[i - 1] + from[i + 1]) +
          w2 * (from[i - 2] + from[i + 2]) +
          w3 * (from[i - 3] + from[i + 3])
        : w1 * (from[start + Math.max(0, k - 1)] + from[start + Math.min(last, k + 1)]) +
          w2 * (from[start + Math.max(0, k - 2)] + from[start + Math.min(last, k + 2)]) +
          w3 * (from[start + Math.max(0, k - 3)] + from[start + Math.min(last, k + 3)])
    to[k * size + line] = w0 * from[i] + sum
  }
}

// Standard normal numbers drawn once: drawing three a pixel would cost more than all the rest of a patch.
const bellTable = (() => {
  const random = openRandom(0, 'synthetic noise table')
  return Float32Array.from({ length: 1 << 16 }, () => random.normal())
})()

/** What the sensor reads in the dark, of 255: no tissue, however dense, is as black as a missing region. */
const darkLevel = 10

// The sensor's toe: a smooth bend that leaves light above twice the dark level as it is.
function liftDark(light: number): number {
  if (light >= 2 * darkLevel) return light
  return darkLevel + Math.max(0, light) ** 2 / (4 * darkLevel)
}

// Photon noise: its deviation grows with the root of the light.
function writeChannel(light: Field, rgb: Uint8Array, channel: number, noise: number, random: Random): void {
  const mask = bellTable.length - 1
  const deviation = noise / Math.sqrt(255)
  let at = random.integer(bellTable.length)
  const stride = 2 * random.integer(1 << 12) + 1 // odd: it visits the whole table before it repeats
  for (let i = 0; i < light.length; i++) {
    const level = liftDark(light[i])
    const value = level + deviation * Math.sqrt(level) * bellTable[at] + 0.5
    at = (at + stride) & mask
    rgb[3 * i + channel] = Math.max(0, Math.min(255, value))
  }
}
