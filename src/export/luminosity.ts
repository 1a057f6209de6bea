// Luminosity standardisation as graph ops: 8-bit CIELAB by stain/lab8.ts's integers and tables, which float64 holds
// exactly; a shift to the right is a floor.

import * as g from '../graph/index.ts'
import { lab8Numbers, rankOf } from '../stain/index.ts'
import { joinVector, splitVector, tableOf, type Vector3 } from './stainVectors.ts'

/** Bytes [n, height, width, 3] (float64) whose lightness is stretched so that percentile `percent` becomes white. */
export function writeLuminosity(bytes: g.Value, percent: number): g.Value {
  const [batch, height, width] = bytes.shape as readonly [g.Side, number, number]
  const pixels = g.transpose(g.reshape(bytes, [batch, height * width, 3]), [0, 2, 1])
  const [lightness, a, b] = toLab(splitVector(pixels))
  const bright = percentile(lightness, percent)
  const isBlack = g.equal(bright, 0)
  const scaled = g.div(g.mul(lightness, 255), g.where(isBlack, 1, bright))
  const stretched = joinVector(toRgb([g.floor(g.minimum(scaled, 255)), a, b]))
  return g.reshape(g.transpose(g.where(isBlack, pixels, stretched), [0, 2, 1]), bytes.shape)
}

// Of whole levels [n, 1, pixels], as numpy gives it.
function percentile(levels: g.Value, percent: number): g.Value {
  const count = levels.shape[2] as number
  const { low, fraction } = rankOf(percent, count)
  const falling = g.largest(levels, count - low)
  const at = (rank: number) => g.slice(falling, 2, count - 1 - rank, count - rank)
  const [a, b] = [at(low), at(Math.min(low + 1, count - 1))]
  const rise = g.sub(b, a)
  return fraction < 0.5 ? g.add(a, g.mul(rise, fraction)) : g.sub(b, g.mul(rise, 1 - fraction))
}

const lookUp = (table: ArrayLike<number>, index: g.Value) =>
  g.gather(
    tableOf((i) => table[i], table.length),
    g.cast(index, 'i64'),
  )
const shift = (x: g.Value, bits: number) => g.floor(g.mul(x, 2 ** -bits))
const clamp = (x: g.Value, high: number) => g.minimum(g.maximum(x, 0), high)

function weigh(v: Vector3, weights: readonly number[]): g.Value {
  return g.add(g.add(g.mul(v[0], weights[0]), g.mul(v[1], weights[1])), g.mul(v[2], weights[2]))
}

function toLab(rgb: Vector3): Vector3 {
  const { forward, linear, roots } = lab8Numbers()
  const light = rgb.map((channel) => lookUp(linear, channel)) as unknown as Vector3
  const [x, y, z] = forward.map((weights) => lookUp(roots, shift(g.add(weigh(light, weights), 2048), 12)))
  const level = (value: g.Value, offset: number) => clamp(shift(g.add(value, offset + 16384), 15), 255)
  return [
    level(g.mul(y, 296), -1336934),
    level(g.mul(g.sub(x, y), 500), 128 * 32768),
    level(g.mul(g.sub(y, z), 200), 128 * 32768),
  ]
}

function toRgb([lightness, levelA, levelB]: Vector3): Vector3 {
  const numbers = lab8Numbers()
  const root = lookUp(numbers.lightness, lightness)
  const a = g.sub(shift(g.add(g.mul(levelA, 5 * 53687), 128), 13), 4194)
  const b = g.sub(shift(g.add(g.mul(levelB, 41943), 16), 9), 10484)
  const light: Vector3 = [
    lookUp(numbers.cubes, g.sub(g.add(root, a), numbers.lowestRoot)),
    lookUp(numbers.luminance, lightness),
    lookUp(numbers.cubes, g.sub(g.sub(root, b), numbers.lowestRoot)),
  ]
  return numbers.backward.map((weights) =>
    lookUp(numbers.bytes, clamp(shift(g.add(weigh(light, weights), 8192), 14), 4095)),
  ) as unknown as Vector3
}
