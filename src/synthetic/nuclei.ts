// The kinds of cells in synthetic tissue: what a lymphocyte, a centroblast, a histiocyte, a fibroblast and a
// tumour cell look like. Sizes in pixels of about one micrometre, concentrations in units of the stain matrix.

import type { Random } from '../base/index.ts'
import { type Body, drawOutline, type Nucleus } from './cells.ts'

/** A cell to be painted. `radius` is the room it takes. */
export interface Cell {
  readonly radius: number
  readonly nucleus: Nucleus
  readonly body: Body | null
  readonly isTumour: boolean
}

/** How the tumour cells of one patch look. */
export interface Phenotype {
  /** Mean radius of the nuclei. */
  readonly radius: number
  /** Spread of size and outline, as a share. */
  readonly pleomorphism: number
  /** Mean concentration of hematoxylin in the nuclei. */
  readonly chromatin: number
  readonly membrane: number
  readonly clumps: number
  /** Chance of a nucleolus, tried twice a nucleus. */
  readonly nucleoli: number
}

/** Draws a patch's tumour phenotype; `difficulty` (0 to 1) makes it smaller and more regular. */
export function drawPhenotype(random: Random, difficulty: number): Phenotype {
  const mild = difficulty * random.uniform()
  return {
    radius: 7.4 - 2.6 * mild + 0.4 * random.normal(),
    pleomorphism: 0.2 - 0.12 * mild,
    chromatin: 0.85 + 0.45 * random.uniform(),
    membrane: 0.25 + 0.45 * random.uniform(),
    clumps: 0.26 + 0.24 * random.uniform(),
    nucleoli: 0.75 - 0.5 * mild,
  }
}

/** A small, round, dark cell with hardly any cytoplasm. */
export function drawLymphocyte(random: Random, x: number, y: number): Cell {
  const radius = 3.5 + 0.28 * random.normal()
  const angle = random.uniform() * Math.PI
  const squeeze = 1 + 0.09 * Math.abs(random.normal())
  return {
    radius,
    isTumour: false,
    nucleus: {
      x,
      y,
      along: radius * squeeze,
      across: radius / squeeze,
      angle,
      outline: drawOutline(random, 0.05),
      hematoxylin: 1.75 + 0.2 * random.normal(),
      eosin: 0.25,
      membrane: 0.12,
      clumps: 0.22,
      nucleoli: [],
    },
    body: {
      x: x + 0.6 * random.normal(),
      y: y + 0.6 * random.normal(),
      along: radius * 1.4,
      across: radius * 1.3,
      angle,
      hematoxylin: 0.2,
      eosin: 0.32,
      border: 0.06,
      opacity: 0.7,
      softness: 1.6,
    },
  }
}

/** A large, round, vesicular lymphoid cell of a germinal center: the normal cell nearest to a tumour's. */
export function drawCentroblast(random: Random, x: number, y: number): Cell {
  const radius = 4.7 + 0.45 * random.normal()
  const angle = random.uniform() * Math.PI
  return {
    radius: radius * 1.08,
    isTumour: false,
    nucleus: {
      x,
      y,
      along: radius * (1 + 0.12 * random.uniform()),
      across: radius,
      angle,
      outline: drawOutline(random, 0.07),
      hematoxylin: 1.05 + 0.15 * random.normal(),
      eosin: 0.2,
      membrane: 0.5,
      clumps: 0.36,
      nucleoli: drawNucleoli(random, radius, 0.5, 0.8),
    },
    body: {
      x,
      y,
      along: radius * 1.35,
      across: radius * 1.3,
      angle,
      hematoxylin: 0.3,
      eosin: 0.36,
      border: 0.08,
      opacity: 0.75,
      softness: 1.8,
    },
  }
}

/** A pale oval nucleus in ample pink cytoplasm: histiocyte or endothelium. */
export function drawHistiocyte(random: Random, x: number, y: number): Cell {
  const along = 5.2 + 0.6 * random.normal()
  const across = along * (0.55 + 0.2 * random.uniform())
  const angle = random.uniform() * Math.PI
  return {
    radius: along,
    isTumour: false,
    nucleus: {
      x,
      y,
      along,
      across,
      angle,
      outline: drawOutline(random, 0.08),
      hematoxylin: 0.8 + 0.15 * random.normal(),
      eosin: 0.22,
      membrane: 0.45,
      clumps: 0.3,
      nucleoli: drawNucleoli(random, across, 0.3, 0.75),
    },
    body: {
      x: x + random.normal(),
      y: y + random.normal(),
      along: along * 1.6,
      across: along * 1.3,
      angle,
      hematoxylin: 0.1,
      eosin: 0.42,
      border: 0.08,
      opacity: 0.8,
      softness: 2.5,
    },
  }
}

/** A thin spindle along the fibres at `angle`. */
export function drawFibroblast(random: Random, x: number, y: number, angle: number): Cell {
  const along = 6.5 + 1.4 * random.normal()
  return {
    radius: 3.6,
    isTumour: false,
    nucleus: {
      x,
      y,
      along: Math.max(4, along),
      across: 1.5 + 0.6 * random.uniform(),
      angle: angle + 0.18 * random.normal(),
      outline: drawOutline(random, 0.1),
      hematoxylin: 1.1 + 0.25 * random.normal(),
      eosin: 0.35,
      membrane: 0.1,
      clumps: 0.18,
      nucleoli: [],
    },
    body: null,
  }
}

/** A flat nucleus in the wall of a vessel, along the wall at `angle`; small where the lumen is narrow. */
export function drawEndothelium(random: Random, x: number, y: number, angle: number, lumen: number): Cell {
  const { radius, isTumour, body, nucleus } = drawFibroblast(random, x, y, angle)
  const along = Math.min(nucleus.along, 2.2 + 0.35 * lumen)
  return { radius, isTumour, body, nucleus: { ...nucleus, along, across: 1.4, hematoxylin: 1.05 } }
}

/** A tumour cell of the patch's phenotype; `angle` is given where cells stand in order (glands). */
export function drawTumourCell(random: Random, x: number, y: number, look: Phenotype, angle?: number): Cell {
  const scale = Math.exp(look.pleomorphism * random.normal())
  const along = Math.min(9.5, Math.max(3.8, look.radius * scale * (angle === undefined ? 1 : 0.88)))
  const ratio = angle === undefined ? 0.68 + 0.3 * random.uniform() : 0.58 + 0.12 * random.uniform()
  const dark = random.uniform() < 0.12 ? 1.6 : 1
  const turn = angle ?? random.uniform() * Math.PI
  const across = along * ratio
  return {
    radius: Math.sqrt(along * across),
    isTumour: true,
    nucleus: {
      x,
      y,
      along,
      across,
      angle: turn,
      outline: drawOutline(random, 0.05 + 0.35 * look.pleomorphism),
      hematoxylin: Math.max(0.55, look.chromatin * dark * (1 + 0.18 * random.normal())),
      eosin: 0.24,
      membrane: dark > 1 ? 0.1 : look.membrane,
      clumps: look.clumps,
      nucleoli: dark > 1 ? [] : drawNucleoli(random, across, look.nucleoli, 1.25),
    },
    body: {
      x: x + random.normal(),
      y: y + random.normal(),
      along: along * 1.65,
      across: Math.max(across * 1.7, along * 1.2),
      angle: turn,
      hematoxylin: 0.2 + 0.06 * random.normal(),
      eosin: 0.46 + 0.08 * random.normal(),
      border: 0.14,
      opacity: 0.55,
      softness: 1.8,
    },
  }
}

/** A dividing cell: a dark ragged plate in cleared cytoplasm. */
export function drawMitosis(random: Random, x: number, y: number, isTumour: boolean): Cell {
  const angle = random.uniform() * Math.PI
  return {
    radius: 6,
    isTumour,
    nucleus: {
      x,
      y,
      along: 4.6 + random.uniform(),
      across: 1.7 + 0.7 * random.uniform(),
      angle,
      outline: drawOutline(random, 0.22),
      hematoxylin: 2.2,
      eosin: 0.2,
      membrane: 0,
      clumps: 0.25,
      nucleoli: [],
    },
    body: {
      x,
      y,
      along: 7.5,
      across: 6.8,
      angle,
      hematoxylin: 0.1,
      eosin: 0.26,
      border: 0.2,
      opacity: 0.9,
      softness: 1.5,
    },
  }
}

function drawNucleoli(random: Random, room: number, chance: number, radius: number): Nucleus['nucleoli'] {
  const nucleoli: { dx: number; dy: number; radius: number }[] = []
  for (let i = 0; i < 2; i++) {
    if (random.uniform() >= chance) continue
    const away = room * 0.45 * Math.sqrt(random.uniform())
    const angle = random.uniform() * 2 * Math.PI
    nucleoli.push({
      dx: away * Math.cos(angle),
      dy: away * Math.sin(angle),
      radius: radius * (0.75 + 0.5 * random.uniform()),
    })
  }
  return nucleoli
}
