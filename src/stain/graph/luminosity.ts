// Luminosity standardisation as graph ops: 8-bit CIELAB by stain/lab8.ts's integers and tables, which float64 holds
// exactly; a shift to the right is a floor.

import * as g from '../../graph/index.ts'
import { lab8Numbers } from '../lab8.ts'
import type { LuminosityOptions } from '../luminosity.ts'
import { rankOf } from '../quantile.ts'
import {
  joinVector,
  layOut,
  lineUp,
  lookUp,
  mapVector,
  splitVector,
  tableOf,
  type Vector3,
} from './vectors.ts'

const { forward, backward, levels, rootA, rootB, lowestRoot } = lab8Numbers

/** Bytes [n, height, width, 3] (float64) whose lightness is stretched so that a percentile of it becomes white. */
export function writeLuminosity(bytes: g.Value, _fit: object, options: LuminosityOptions): g.Value {
  const pixels = lineUp(bytes)
  const [lightness, a, b] = toLab(splitVector(pixels))
  const bright = percentile(lightness, options.percentile)
  const isBlack = g.equal(bright, 0)
  const scaled = g.div(g.mul(lightness, 255), g.where(isBlack, 1, bright))
  const stretched = joinVector(toRgb([g.floor(g.minimum(scaled, 255)), a, b]))
  return layOut(g.where(isBlack, pixels, stretched), bytes)
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

const clamp = (x: g.Value, high: number) => g.minimum(g.maximum(x, 0), high)

// A shift to the right with the half that rounds before it.
function shift(x: g.Value, { half, bits }: { readonly half: number; readonly bits: number }): g.Value {
  return g.floor(g.mul(g.add(x, half), 2 ** -bits))
}

function weigh(v: Vector3, weights: readonly number[]): g.Value {
  return g.add(g.add(g.mul(v[0], weights[0]), g.mul(v[1], weights[1])), g.mul(v[2], weights[2]))
}

function toLab(rgb: Vector3): Vector3 {
  const [linear, roots] = [tableOf(lab8Numbers.linear), tableOf(lab8Numbers.roots)]
  const light = mapVector(rgb, (channel) => lookUp(linear, channel))
  const [x, y, z] = forward.map((weights) => lookUp(roots, shift(weigh(light, weights), lab8Numbers.light)))
  const { gainL, gainA, gainB, offsetL, offsetAB, bits } = levels
  const level = (value: g.Value, gain: number, offset: number) =>
    clamp(shift(g.mul(value, gain), { half: offset, bits }), 255)
  return [level(y, gainL, offsetL), level(g.sub(x, y), gainA, offsetAB), level(g.sub(y, z), gainB, offsetAB)]
}

function toRgb([lightness, levelA, levelB]: Vector3): Vector3 {
  const [cubes, bytes] = [tableOf(lab8Numbers.cubes), tableOf(lab8Numbers.bytes)]
  const root = lookUp(tableOf(lab8Numbers.lightness), lightness)
  const a = g.sub(shift(g.mul(levelA, rootA.gain), rootA), rootA.less)
  const b = g.sub(shift(g.mul(levelB, rootB.gain), rootB), rootB.less)
  const light: Vector3 = [
    lookUp(cubes, g.sub(g.add(root, a), lowestRoot)),
    lookUp(tableOf(lab8Numbers.luminance), lightness),
    lookUp(cubes, g.sub(g.sub(root, b), lowestRoot)),
  ]
  const highest = lab8Numbers.bytes.length - 1
  const channel = (k: number) =>
    lookUp(bytes, clamp(shift(weigh(light, backward[k]), lab8Numbers.byte), highest))
  return [channel(0), channel(1), channel(2)]
}
