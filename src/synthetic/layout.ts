// Where things lie in a synthetic patch: stroma, open space, vessels, and the tumour. All but the tumour is
// drawn without a look at the label, so that no amount of white or pink gives the label away.

import type { Random } from '../base/index.ts'
import { drawFibres, drawField, type Field, measureLength, rampField, smoothStep } from './noise.ts'

/** A round structure with a lumen: a vessel or a gland. Pixels. */
export interface Ring {
  readonly x: number
  readonly y: number
  readonly lumen: number
  readonly outer: number
}

/** The plan of a patch. Fields are `size` x `size`. */
export interface Layout {
  readonly size: number
  /** Share of collagen against lymphoid tissue, 0 to 1. */
  readonly stroma: Field
  /** Open space (fat, sinus, edge of the tissue), 0 to 1. */
  readonly open: Field
  /** The mean of `open` as drawn, before any tumour grew into it. */
  readonly openShare: number
  /** Course of the collagen, radians, and its fibres (mean 0, spread 1). */
  readonly angle: number
  readonly fibres: Field
  readonly vessels: readonly Ring[]
  readonly glands: readonly Ring[]
  /** Pixels inside the tumour's border: above 0 is tumour; -Infinity where there is none at all. */
  readonly depth: Field
}

/** The square whose content decides the label: its first row and column, and its side (32 of 96). */
export function centralSquare(size: number): { start: number; side: number } {
  const side = Math.round(size / 3)
  return { start: Math.floor((size - side) / 2), side }
}

/** Pixels from (x, y) to the central square along the nearer axis; at most 0 inside it. */
export function distanceToCenter(size: number, x: number, y: number): number {
  const { start, side } = centralSquare(size)
  const end = start + side - 1
  return Math.max(start - x, x - end, start - y, y - end)
}

/** Draws a plan. `tumour` says where there is to be some: in the `center`, only outside it, or nowhere. */
export function drawLayout(random: Random, size: number, tumour: 'center' | 'outside' | 'none'): Layout {
  const angle = random.uniform() * Math.PI
  const bias = [-1.5, -1.5, -0.6, 0.2, 1.3][random.integer(5)]
  const stroma = rampField(drawField(random, size, 26), -0.35 - bias, 0.35 - bias)
  const fibres = stroma.some((share) => share > 0) ? drawFibres(random, size, angle) : stroma
  const open = drawOpenSpace(random, size)
  const vessels =
    random.uniform() < 0.35 ? drawRings(random, size, 1 + random.integer(2), [3, 9], [3, 5]) : []
  const { depth, glands } = drawTumour(random, size, tumour)
  let openShare = 0
  for (let i = 0; i < open.length; i++) {
    openShare += open[i] / open.length
    if (open[i] > 0) open[i] *= 1 - smoothStep(-3, 1, depth[i])
  }
  return { size, stroma, open, openShare, angle, fibres, vessels, glands, depth }
}

// Fat, a cleft or an edge in three patches of ten.
function drawOpenSpace(random: Random, size: number): Field {
  const kind = random.uniform()
  if (kind < 0.12) return drawFat(random, size)
  const threshold = kind < 0.3 ? 0.4 + random.uniform() * 0.9 : 2.2
  return rampField(drawField(random, size, 20), threshold - 0.12, threshold + 0.12)
}

function drawFat(random: Random, size: number): Field {
  const cells = Array.from({ length: 2 + random.integer(3) }, () => ({
    x: random.uniform() * size,
    y: random.uniform() * size,
    radius: 14 + random.uniform() * 16,
  }))
  const wobble = drawField(random, size, 18)
  const fat = new Float32Array(size * size)
  for (let i = 0; i < fat.length; i++) {
    const x = i % size
    const y = (i / size) | 0
    // The septum between two fat cells runs where both are equally near.
    let first = -Infinity
    let second = -Infinity
    for (const cell of cells) {
      const inside = cell.radius - measureLength(x - cell.x, y - cell.y)
      if (inside > first) {
        second = first
        first = inside
      } else if (inside > second) second = inside
    }
    const septum = second > 0 ? smoothStep(0.6, 2, first - second) : 1
    fat[i] = smoothStep(-0.8, 0.8, first + wobble[i]) * septum
  }
  return fat
}

function drawRings(
  random: Random,
  size: number,
  count: number,
  [thin, wide]: readonly [number, number],
  [low, high]: readonly [number, number],
): Ring[] {
  return Array.from({ length: count }, () => {
    const lumen = thin + random.uniform() * (wide - thin)
    const outer = lumen + low + random.uniform() * (high - low)
    return { x: random.uniform() * size, y: random.uniform() * size, lumen, outer }
  })
}

type Growth = (random: Random, size: number, x: number, y: number) => { depth: Field; glands: Ring[] }

// How tumours grow, solid sheets most often.
const growths: readonly Growth[] = [growSheet, growSheet, growCords, growGlands, growSingleCells]

function drawTumour(random: Random, size: number, tumour: 'center' | 'outside' | 'none') {
  if (tumour === 'none') return { depth: new Float32Array(size * size).fill(-Infinity), glands: [] }
  const grow = growths[random.integer(growths.length)]
  const at =
    tumour === 'center' ? () => size * (0.5 + 0.3 * (random.uniform() - 0.5)) : pickBorder(random, size)
  const { depth, glands } = grow(random, size, at(), at())
  if (tumour === 'center') {
    coverCenter(random, size, depth)
    return { depth, glands }
  }
  for (let i = 0; i < depth.length; i++) {
    depth[i] = Math.min(depth[i], distanceToCenter(size, i % size, (i / size) | 0) - 3)
  }
  const apart = ({ x, y, outer }: Ring) => distanceToCenter(size, x, y) > outer + 3
  return { depth, glands: glands.filter(apart) }
}

// Coordinates of a point near the border: one coordinate at an end, the other anywhere.
function pickBorder(random: Random, size: number): () => number {
  const end = random.uniform() < 0.5 ? 0.04 : 0.96
  const coordinates = [end * size, random.uniform() * size]
  if (random.uniform() < 0.5) coordinates.reverse()
  return () => coordinates.shift()!
}

// A label of 1 needs tumour in the center beyond doubt: at least an eighth of it.
function coverCenter(random: Random, size: number, depth: Field): void {
  const { start, side } = centralSquare(size)
  let covered = 0
  for (let y = start; y < start + side; y++) {
    for (let x = start; x < start + side; x++) if (depth[y * size + x] > 0) covered++
  }
  if (covered >= (side * side) / 8) return
  const x = start + side * (0.35 + 0.3 * random.uniform())
  const y = start + side * (0.35 + 0.3 * random.uniform())
  addDisc(depth, size, x, y, side * 0.3)
}

// Deepens the tumour by a disc. Farther than `farthest` outside, nobody asks how far.
const farthest = 16

function addDisc(depth: Field, size: number, x: number, y: number, radius: number): void {
  const reach = radius + farthest
  const right = Math.min(size - 1, Math.floor(x + reach))
  const bottom = Math.min(size - 1, Math.floor(y + reach))
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= bottom; row++) {
    for (let column = Math.max(0, Math.ceil(x - reach)); column <= right; column++) {
      const inside = radius - measureLength(column - x, row - y)
      const i = row * size + column
      if (inside > depth[i]) depth[i] = inside
    }
  }
}

function growSheet(random: Random, size: number, x: number, y: number) {
  const depth = drawField(random, size, 15)
  const radius = size * (0.2 + 0.5 * random.uniform())
  for (let i = 0; i < depth.length; i++) {
    depth[i] = 5 * depth[i] + radius - measureLength((i % size) - x, ((i / size) | 0) - y)
  }
  return { depth, glands: [] }
}

function growCords(random: Random, size: number, x: number, y: number) {
  const sheet = growSheet(random, size, x, y).depth
  const winding = drawField(random, size, 17)
  const width = 5 + 4 * random.uniform()
  const depth = sheet.map((inside, i) => Math.min(inside, width - 13 * Math.abs(winding[i])))
  return { depth, glands: [] }
}

function growGlands(random: Random, size: number, x: number, y: number) {
  const others = drawRings(random, size, random.integer(3), [4, 12], [11, 15])
  const first = { x, y, lumen: 4 + random.uniform() * 9, outer: 0 }
  first.outer = first.lumen + 12 + random.uniform() * 4
  const glands = [first]
  for (const ring of others) {
    if (
      glands.every((gland) => measureLength(gland.x - ring.x, gland.y - ring.y) > gland.outer + ring.outer)
    ) {
      glands.push(ring)
    }
  }
  const wobble = drawField(random, size, 14)
  const depth = new Float32Array(size * size).fill(-Infinity)
  for (const gland of glands) addDisc(depth, size, gland.x, gland.y, gland.outer)
  for (let i = 0; i < depth.length; i++) depth[i] += 1.2 * wobble[i]
  return { depth, glands }
}

function growSingleCells(random: Random, size: number, x: number, y: number) {
  const depth = new Float32Array(size * size).fill(-Infinity)
  addDisc(depth, size, x, y, 9 + 4 * random.uniform())
  for (let count = 3 + random.integer(9); count > 0; count--) {
    const spread = size * 0.26
    addDisc(depth, size, x + random.normal() * spread, y + random.normal() * spread, 8 + 4 * random.uniform())
  }
  return { depth, glands: [] }
}
