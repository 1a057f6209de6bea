// Random changes of brightness, contrast, saturation and hue, and the gray of an image, as values of a graph, so that
// a gradient flows through them. Formulas of torchvision's functional API on float tensors [N,3,H,W]: every change
// but hue's mixes the image with another one and clamps to [0, 1].

import { f32, type NdArray, type Random } from '../base/index.ts'
import * as g from '../graph/index.ts'
import { turnHue } from './hue.ts'

/** Rec. 601 luma, 0.2989 R + 0.587 G + 0.114 B, [N,1,H,W]. */
export function luma(x: g.Value): g.Value {
  const [r, green, b] = g.split(x, 1, [1, 1, 1])
  return g.add(g.add(g.mul(r, 0.2989), g.mul(green, 0.587)), g.mul(b, 0.114))
}

/** The luma in all three channels. */
export function toGray(x: g.Value): g.Value {
  const gray = luma(x)
  return g.concat([gray, gray, gray], 1)
}

function clampUnit(x: g.Value): g.Value {
  return g.minimum(g.maximum(x, 0), 1)
}

// factor * x + (1 - factor) * other, within [0, 1]
function blend(x: g.Value, other: g.Operand, factor: g.Operand): g.Value {
  return clampUnit(g.add(g.mul(x, factor), g.mul(other, g.sub(1, factor))))
}

/** How far each property may change; brightness, contrast, saturation: factors in [max(0, 1 - s), 1 + s]; hue: turns in [-s, s], at most 0.5. */
export interface JitterStrengths {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  readonly hue: number
}

/** A property that a jitter changes. */
export type JitterChange = keyof JitterStrengths

const changes = ['brightness', 'contrast', 'saturation', 'hue'] as const

/** The changes that `strengths` asks for; one of strength 0 is left out, clamping included. */
export function listChanges(strengths: JitterStrengths): JitterChange[] {
  return changes.filter((change) => strengths[change] > 0)
}

/** Strengths that are all `factor` times as large. */
export function scaleJitter(strengths: JitterStrengths, factor: number): JitterStrengths {
  const { brightness, contrast, saturation, hue } = strengths
  return {
    brightness: factor * brightness,
    contrast: factor * contrast,
    saturation: factor * saturation,
    hue: factor * hue,
  }
}

/** One jitter: changes in their order, with their factors. */
export type JitterDraw = readonly { readonly change: JitterChange; readonly factor: number }[]

/** Draws the order and the factors of a jitter. */
export function drawJitter(strengths: JitterStrengths, random: Random): JitterDraw {
  const wanted = listChanges(strengths)
  return Array.from(random.permutation(wanted.length), (i) => {
    const change = wanted[i]
    const strength = strengths[change]
    const [low, high] = change === 'hue' ? [-strength, strength] : [Math.max(0, 1 - strength), 1 + strength]
    return { change, factor: low + (high - low) * random.uniform() }
  })
}

/** A draw as the array [changes, 5] that `jitterColors` is fed: a factor, and 1 in the column of its change. */
export function encodeJitter(draw: JitterDraw): NdArray<'f32'> {
  const rows = draw.flatMap(({ change, factor }) => [
    factor,
    ...changes.map((name) => (name === change ? 1 : 0)),
  ])
  return f32([draw.length, 1 + changes.length], rows)
}

/**
 * x [N,3,H,W] after the changes of `draw` [changes, 5], which is read when the graph runs: order and factors differ
 * from run to run. `strengths` says which changes there can be; where there is none, x itself.
 */
export function jitterColors(x: g.Value, draw: g.Value, strengths: JitterStrengths): g.Value {
  const wanted = listChanges(strengths)
  return wanted.reduce(
    (image, _, position) => applyChange(image, g.slice(draw, 0, position, position + 1), wanted),
    x,
  )
}

// Brightness, contrast and saturation are one formula with another picture to mix in; two of the shares are 0.
function applyChange(x: g.Value, row: g.Value, wanted: readonly JitterChange[]): g.Value {
  const [factor, , contrast, saturation, hue] = g
    .split(row, 1, [1, 1, 1, 1, 1])
    .map((one) => g.reshape(one, []))
  const gray = luma(x)
  const mean = g.reduceMean(gray, { axes: [1, 2, 3], keep: true })
  const other = g.add(g.mul(gray, saturation), g.mul(mean, contrast))
  const mixed = blend(x, other, factor)
  return wanted.includes('hue') ? g.where(g.greater(hue, 0), turnHue(x, factor), mixed) : mixed
}
