// Cells of synthetic tissue, painted into concentration maps: a body (cytoplasm) and a nucleus with an
// irregular outline, a membrane, clumped chromatin and nucleoli. One pixel is about one micrometre.

import type { Random } from '../base/index.ts'
import type { Field } from './noise.ts'

/** Concentrations of the two stains, pixel by pixel, and where tumour lies (1) or not (0). */
export interface Tissue {
  readonly size: number
  readonly hematoxylin: Field
  readonly eosin: Field
  readonly tumour: Uint8Array
}

/** A nucleus: place and radii in pixels, concentrations in the units of the stain matrix. */
export interface Nucleus {
  readonly x: number
  readonly y: number
  readonly along: number
  readonly across: number
  readonly angle: number
  /** Cosine and sine amplitudes of the outline's 2nd and 3rd harmonics: 0 is a perfect ellipse. */
  readonly outline: readonly [number, number, number, number]
  readonly hematoxylin: number
  readonly eosin: number
  /** How much darker the membrane is than the mean, as a share. */
  readonly membrane: number
  /** Chromatin clumps: amplitude as a share of the mean. */
  readonly clumps: number
  readonly nucleoli: readonly { readonly dx: number; readonly dy: number; readonly radius: number }[]
}

/** A cell's cytoplasm: an ellipse blended over what lies below. */
export interface Body {
  readonly x: number
  readonly y: number
  readonly along: number
  readonly across: number
  readonly angle: number
  readonly hematoxylin: number
  readonly eosin: number
  /** Concentration of eosin added on the border. */
  readonly border: number
  /** 0 invisible, 1 covers. */
  readonly opacity: number
  /** Width of the edge in pixels. */
  readonly softness: number
}

/** Draws an outline whose harmonics have a standard deviation of `irregularity` (a share of the radius). */
export function drawOutline(random: Random, irregularity: number): Nucleus['outline'] {
  const spread = irregularity * 0.7
  return [
    random.normal() * spread,
    random.normal() * spread,
    random.normal() * spread,
    random.normal() * spread,
  ]
}

/** Paints cytoplasm. */
export function paintBody({ size, hematoxylin, eosin }: Tissue, body: Body): void {
  const reach = Math.max(body.along, body.across) + body.softness
  const cosine = Math.cos(body.angle)
  const sine = Math.sin(body.angle)
  const mean = (body.along + body.across) / 2
  visitDisc(size, body.x, body.y, reach, (i, dx, dy) => {
    const u = (cosine * dx + sine * dy) / body.along
    const v = (-sine * dx + cosine * dy) / body.across
    const inside = (1 - Math.sqrt(u * u + v * v)) * mean
    const cover = clampUnit(inside / body.softness + 0.5) * body.opacity
    if (cover === 0) return
    const nearBorder = 1 - Math.abs(inside) / 1.5
    const border = nearBorder > 0 ? body.border * nearBorder : 0
    hematoxylin[i] += cover * (body.hematoxylin - hematoxylin[i])
    eosin[i] += cover * (body.eosin + border - eosin[i])
  })
}

/** Paints a nucleus; `grain` (mean 0, spread 1) makes its chromatin. Marks tumour where `isTumour`. */
export function paintNucleus(tissue: Tissue, nucleus: Nucleus, grain: Field, isTumour: boolean): void {
  const { size, hematoxylin, eosin, tumour } = tissue
  const [c2, s2, c3, s3] = nucleus.outline
  const cosine = Math.cos(nucleus.angle)
  const sine = Math.sin(nucleus.angle)
  const mean = Math.sqrt(nucleus.along * nucleus.across)
  const wobble = 1 + Math.abs(c2) + Math.abs(s2) + Math.abs(c3) + Math.abs(s3)
  const reach = Math.max(nucleus.along, nucleus.across) * wobble + 1
  visitDisc(size, nucleus.x, nucleus.y, reach, (i, dx, dy) => {
    const u = (cosine * dx + sine * dy) / nucleus.along
    const v = (-sine * dx + cosine * dy) / nucleus.across
    const radius = Math.sqrt(u * u + v * v)
    const cos1 = radius > 0 ? u / radius : 1
    const sin1 = radius > 0 ? v / radius : 0
    const cos2 = cos1 * cos1 - sin1 * sin1
    const sin2 = 2 * cos1 * sin1
    const edge =
      1 + c2 * cos2 + s2 * sin2 + c3 * (cos2 * cos1 - sin2 * sin1) + s3 * (sin2 * cos1 + cos2 * sin1)
    const inside = (edge - radius) * mean
    const cover = clampUnit(inside + 0.5)
    if (cover === 0) return
    const fromMembrane = (inside - 0.8) / 1.5
    const near = 1 / (1 + fromMembrane * fromMembrane)
    const shade = 1 + nucleus.membrane * (near * near - 0.35) + nucleus.clumps * grain[i]
    const chromatin = nucleus.hematoxylin * Math.max(0.25, shade)
    hematoxylin[i] += cover * (chromatin - hematoxylin[i])
    eosin[i] += cover * (nucleus.eosin - eosin[i])
    if (isTumour && cover > 0.5) tumour[i] = 1
  })
  for (const { dx, dy, radius } of nucleus.nucleoli) paintNucleolus(tissue, nucleus, dx, dy, radius)
}

function paintNucleolus(tissue: Tissue, nucleus: Nucleus, atX: number, atY: number, radius: number): void {
  const { size, hematoxylin, eosin } = tissue
  visitDisc(size, nucleus.x + atX, nucleus.y + atY, radius + 1, (i, dx, dy) => {
    const cover = clampUnit(radius - Math.sqrt(dx * dx + dy * dy) + 0.5)
    hematoxylin[i] += cover * (nucleus.hematoxylin * 1.75 - hematoxylin[i])
    eosin[i] += cover * 0.25
  })
}

/** Paints an eosinophilic disc, pale in the middle: a red blood cell. */
export function paintRedCell(tissue: Tissue, x: number, y: number, radius: number, strength: number): void {
  const { size, hematoxylin, eosin } = tissue
  visitDisc(size, x, y, radius + 1, (i, dx, dy) => {
    const distance = Math.sqrt(dx * dx + dy * dy)
    const cover = clampUnit(radius - distance + 0.5)
    const dimple = 1 - 0.25 * clampUnit(1 - distance / (0.6 * radius))
    hematoxylin[i] += cover * (0.04 - hematoxylin[i])
    eosin[i] += cover * (strength * dimple - eosin[i])
  })
}

/** Calls `visit` with the index of each pixel of the square within `reach` of (x, y), and its offset from there. */
export function visitDisc(
  size: number,
  x: number,
  y: number,
  reach: number,
  visit: (i: number, dx: number, dy: number) => void,
): void {
  const left = Math.max(0, Math.ceil(x - reach))
  const right = Math.min(size - 1, Math.floor(x + reach))
  const bottom = Math.min(size - 1, Math.floor(y + reach))
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= bottom; row++) {
    for (let column = left; column <= right; column++) visit(row * size + column, column - x, row - y)
  }
}

function clampUnit(value: number): number {
  return Math.max(0, Math.min(1, value))
}
