// Composes a synthetic section: ground substance, cells where the layout wants them, open space, and then
// the two stains brought to amounts drawn without a look at the label: mean colour must not tell tumour.

import type { Random } from '../base/index.ts'
import { paintBody, paintNucleus, paintRedCell, type Tissue, visitDisc } from './cells.ts'
import { distanceToCenter, drawLayout, type Layout, type Ring } from './layout.ts'
import { drawField, type Field, measureLength, smoothStep } from './noise.ts'
import {
  type Cell,
  drawCentroblast,
  drawEndothelium,
  drawFibroblast,
  drawHistiocyte,
  drawLymphocyte,
  drawMitosis,
  drawPhenotype,
  drawTumourCell,
} from './nuclei.ts'

/**
 * Composes a section of `size` x `size` pixels, with tumour in its `center`, only `outside` it, or nowhere.
 * `difficulty` (0 to 1) brings tumour cells and normal large cells nearer to each other.
 */
export function composeTissue(
  random: Random,
  size: number,
  tumour: 'center' | 'outside' | 'none',
  difficulty: number,
): Tissue {
  const layout = drawLayout(random, size, tumour)
  const fine = drawField(random, size, 2.1)
  const coarse = drawField(random, size, 2.7)
  const tissue = layGround(random, layout, fine)
  const cells = placeCells(random, layout, difficulty, tumour !== 'center')
  for (const { body } of cells) if (body) paintBody(tissue, body)
  roughen(tissue, fine, coarse)
  clearSpaces(random, tissue, layout)
  for (const cell of cells)
    paintNucleus(tissue, cell.nucleus, cell.radius > 4.4 ? coarse : fine, cell.isTumour)
  balanceStains(random, tissue, layout.openShare)
  return tissue
}

function layGround(random: Random, layout: Layout, fine: Field): Tissue {
  const { size, stroma, fibres, depth } = layout
  const gaps = drawField(random, size, 4.5)
  const hematoxylin = new Float32Array(size * size)
  const eosin = new Float32Array(size * size)
  const tumour = new Uint8Array(size * size)
  const looseness = 0.2 + 0.9 * random.uniform()
  for (let i = 0; i < eosin.length; i++) {
    const pink = stroma[i]
    let h = 0
    let e = 0
    if (pink < 1) {
      const dense = (1 - pink) * (1 - 0.85 * smoothStep(looseness, looseness + 0.9, gaps[i]))
      h += dense * 0.13
      e += dense * (0.24 + 0.06 * fine[i])
    }
    if (pink > 0) {
      const firm = pink * (1 - 0.8 * smoothStep(1.1, 1.7, -fibres[i]))
      h += firm * 0.07
      e += firm * (0.6 + 0.17 * fibres[i])
    }
    if (depth[i] > -0.8) {
      const nest = smoothStep(-0.8, 1.2, depth[i])
      h += nest * (0.19 + 0.04 * gaps[i] - h)
      e += nest * (0.45 + 0.07 * gaps[i] - e)
    }
    hematoxylin[i] = h
    eosin[i] = e
    if (depth[i] > 0) tumour[i] = 1
  }
  return { size, hematoxylin, eosin, tumour }
}

// Cytoplasm is granular: without this, cell bodies look like plastic.
function roughen({ hematoxylin, eosin }: Tissue, fine: Field, coarse: Field): void {
  for (let i = 0; i < fine.length; i++) {
    const grain = 1 + 0.15 * fine[i] + 0.12 * coarse[i]
    hematoxylin[i] *= grain
    eosin[i] *= Math.max(0.4, grain)
  }
}

function clearSpaces(random: Random, tissue: Tissue, layout: Layout): void {
  const { size, hematoxylin, eosin } = tissue
  for (const ring of layout.glands) fillDisc(tissue, ring, ring.lumen, 0.03, random.uniform() * 0.25)
  for (const ring of layout.vessels) {
    if (isInTumour(layout, ring.x, ring.y, -ring.outer)) continue
    fillDisc(tissue, ring, ring.outer, 0.08, 0.7) // the wall
    fillDisc(tissue, ring, ring.lumen, 0.01, 0.04)
    if (random.uniform() < 0.6) fillWithBlood(random, tissue, ring)
  }
  for (let i = 0; i < eosin.length; i++) {
    const kept = 1 - layout.open[i]
    hematoxylin[i] = hematoxylin[i] * kept + 0.01 * (1 - kept)
    eosin[i] = eosin[i] * kept + 0.015 * (1 - kept)
  }
  if (random.uniform() < 0.2) {
    for (let count = 1 + random.integer(6); count > 0; count--) {
      paintRedCell(
        tissue,
        random.uniform() * size,
        random.uniform() * size,
        2.8,
        0.9 + 0.3 * random.uniform(),
      )
    }
  }
}

// A soft-edged disc of even concentrations.
function fillDisc(tissue: Tissue, ring: Ring, radius: number, h: number, e: number): void {
  const { size, hematoxylin, eosin } = tissue
  visitDisc(size, ring.x, ring.y, radius + 1, (i, dx, dy) => {
    const cover = smoothStep(-1, 1, radius - measureLength(dx, dy))
    hematoxylin[i] += cover * (h - hematoxylin[i])
    eosin[i] += cover * (e - eosin[i])
  })
}

function fillWithBlood(random: Random, tissue: Tissue, { x, y, lumen }: Ring): void {
  const room = Math.max(0, lumen - 2.4)
  for (let count = Math.round(1 + (lumen * lumen) / 7); count > 0; count--) {
    const away = room * Math.sqrt(random.uniform())
    const angle = random.uniform() * 2 * Math.PI
    const strength = 0.9 + 0.4 * random.uniform()
    paintRedCell(tissue, x + away * Math.cos(angle), y + away * Math.sin(angle), 2.8, strength)
  }
}

function isInTumour({ size, depth }: Layout, x: number, y: number, margin: number): boolean {
  return depth[pixelAt(size, x, y)] > margin
}

function pixelAt(size: number, x: number, y: number): number {
  const column = Math.min(size - 1, Math.max(0, Math.round(x)))
  const row = Math.min(size - 1, Math.max(0, Math.round(y)))
  return row * size + column
}

// Rings first, then tumour, then the rest, each where the layout wants it and where there is room.
function placeCells(random: Random, layout: Layout, difficulty: number, keepCenterFree: boolean): Cell[] {
  const cells: Cell[] = []
  const look = drawPhenotype(random, difficulty)
  const free = ({ nucleus: { x, y, along } }: Cell) =>
    !keepCenterFree || distanceToCenter(layout.size, x, y) > along * 1.4 + 1
  for (const ring of layout.glands) lineGland(random, ring, look, cells, free)
  for (const ring of layout.vessels) lineVessel(random, ring, layout, cells)
  const area = (layout.size / 96) ** 2
  if (layout.depth.some((depth) => depth > 0)) {
    const crowding = 0.78 + 0.3 * random.uniform()
    for (let tries = Math.round(260 * area); tries > 0; tries--) {
      const x = drawPlace(random, layout.size)
      const y = drawPlace(random, layout.size)
      if (!isInTumour(layout, x, y, 2) || isInLumen(layout.glands, x, y)) continue
      const mitosis = random.uniform() < 0.012
      const cell = mitosis ? drawMitosis(random, x, y, true) : drawTumourCell(random, x, y, look)
      if (free(cell) && hasRoom(cells, cell, crowding)) cells.push(cell)
    }
  }
  placeNormalCells(random, layout, difficulty, area, cells)
  return cells
}

// Cells are cut by the border of a patch as everything else is.
function drawPlace(random: Random, size: number): number {
  return random.uniform() * (size + 10) - 5
}

function isInLumen(rings: readonly Ring[], x: number, y: number): boolean {
  return rings.some((ring) => measureLength(ring.x - x, ring.y - y) < ring.outer)
}

function hasRoom(cells: readonly Cell[], cell: Cell, crowding: number): boolean {
  const { x, y } = cell.nucleus
  for (const other of cells) {
    const apart = (other.radius + cell.radius) * crowding
    const dx = other.nucleus.x - x
    const dy = other.nucleus.y - y
    if (dx * dx + dy * dy < apart * apart) return false
  }
  return true
}

function placeNormalCells(
  random: Random,
  layout: Layout,
  difficulty: number,
  area: number,
  cells: Cell[],
): void {
  const { size, stroma, open, depth } = layout
  // The share of large normal cells is a patch's own: a germinal center, a sinus, or neither.
  const mimics = random.uniform() < 0.2 + 0.5 * difficulty ? 0.25 + 0.6 * random.uniform() : 0.06
  const blasts = random.uniform() < 0.6 ? 0.85 : 0.25
  const density = 0.4 + 0.6 * Math.sqrt(random.uniform())
  const inNest = 0.1 * random.uniform()
  const inStroma = 0.05 + 0.2 * random.uniform() ** 2
  const crowding = 0.93 + 0.25 * random.uniform()
  for (let tries = Math.round(480 * area); tries > 0; tries--) {
    const x = drawPlace(random, size)
    const y = drawPlace(random, size)
    const i = pixelAt(size, x, y)
    const pink = stroma[i]
    const wanted = depth[i] > -1 ? inNest : (1 - open[i]) * ((1 - pink) * density + pink * inStroma)
    if (random.uniform() > wanted) {
      if (depth[i] > -3 || open[i] > 0.4 || random.uniform() > 0.11 * pink) continue
      const spindle = drawFibroblast(random, x, y, layout.angle)
      if (hasRoom(cells, spindle, 1.2)) cells.push(spindle)
      continue
    }
    const cell = drawNormalCell(random, x, y, mimics, blasts)
    if (hasRoom(cells, cell, crowding) && !isInLumen(layout.vessels, x, y)) cells.push(cell)
  }
}

function drawNormalCell(random: Random, x: number, y: number, mimics: number, blasts: number): Cell {
  if (random.uniform() >= mimics) return drawLymphocyte(random, x, y)
  if (random.uniform() < 0.008) return drawMitosis(random, x, y, false)
  return random.uniform() < blasts ? drawCentroblast(random, x, y) : drawHistiocyte(random, x, y)
}

// Columnar cells that point at the lumen.
function lineGland(
  random: Random,
  ring: Ring,
  look: ReturnType<typeof drawPhenotype>,
  cells: Cell[],
  free: (cell: Cell) => boolean,
): void {
  const away = ring.lumen + 0.55 * (ring.outer - ring.lumen)
  const count = Math.floor((2 * Math.PI * away) / (1.45 * look.radius))
  const turn = random.uniform() * 2 * Math.PI
  for (let k = 0; k < count; k++) {
    const angle = turn + (2 * Math.PI * k) / count + 0.05 * random.normal()
    const at = away + random.normal()
    const x = ring.x + at * Math.cos(angle)
    const y = ring.y + at * Math.sin(angle)
    const cell = drawTumourCell(random, x, y, look, angle + 0.15 * random.normal())
    if (free(cell) && hasRoom(cells, cell, 0.7)) cells.push(cell)
  }
}

// Flat endothelial nuclei along the wall.
function lineVessel(random: Random, ring: Ring, layout: Layout, cells: Cell[]): void {
  if (isInTumour(layout, ring.x, ring.y, -ring.outer)) return
  const away = ring.lumen + 1
  const count = 1 + random.integer(3)
  const turn = random.uniform() * 2 * Math.PI
  for (let k = 0; k < count; k++) {
    const angle = turn + (2 * Math.PI * k) / count + 0.2 * random.normal()
    const x = ring.x + away * Math.cos(angle)
    const y = ring.y + away * Math.sin(angle)
    cells.push(drawEndothelium(random, x, y, angle + Math.PI / 2, ring.lumen))
  }
}

// Section thickness and staining time vary from place to place; here they also even out what the label did
// to the amounts. The factors are held to what staining can do, so a little of the difference stays.
function balanceStains(random: Random, { hematoxylin, eosin }: Tissue, openShare: number): void {
  const covered = 1 - 0.9 * openShare
  scaleTo(hematoxylin, 0.58 * covered * Math.exp(0.2 * random.normal()))
  scaleTo(eosin, 0.4 * covered * Math.exp(0.2 * random.normal()))
}

function scaleTo(field: Field, mean: number): void {
  let sum = 0
  for (let i = 0; i < field.length; i++) sum += field[i] = Math.max(0, field[i])
  const factor = Math.min(1.5, Math.max(0.6, (mean * field.length) / Math.max(sum, 1e-6)))
  for (let i = 0; i < field.length; i++) field[i] *= factor
}
