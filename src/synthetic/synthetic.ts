// Synthetic H&E-like patches with known truth: label, center, slide, stain matrix, concentration maps.
// Each patch is made from (seed, split, index) alone: any order, any thread, the same bytes.

import { DataError, openRandom, type Random } from '../base/index.ts'
import type { Tissue } from './cells.ts'
import { type CenterName, drawSlide, type Slide } from './centers.ts'
import { centralSquare } from './layout.ts'
import type { Field } from './noise.ts'
import { scanSection } from './scanner.ts'
import { composeTissue } from './tissue.ts'

/** Raised when the same options give other bytes: part of the fingerprint. */
export const syntheticVersion = 2

/** The splits of the challenge. */
export type SyntheticSplit = 'train' | 'val' | 'test'

/** What to make. */
export interface SyntheticOptions {
  readonly seed: number
  /** Patches a split. */
  readonly counts: Readonly<Record<SyntheticSplit, number>>
  /** Side of a patch in pixels, 32 to 1024. A pixel stays about one micrometre: a larger patch shows more. */
  readonly size: number
  /** Slides a center. */
  readonly slidesPerCenter: number
  /** Share of patches with black bars, black regions or nothing but glass, 0 to 1. */
  readonly aberrantShare: number
  /** 0 (tumour cells large and irregular) to 1 (near normal large cells; tumour outside the center). */
  readonly difficulty: number
  /** What is kept beside the files: nothing, each patch's stain matrix, or concentration maps as well. */
  readonly truth: 'none' | 'stains' | 'maps'
  /** Whether test.h5 holds labels and metadata. They are in test_truth.csv in any case. */
  readonly testLabels: boolean
}

/** A small set, with the test's labels withheld as in the challenge. */
export const syntheticDefaults: SyntheticOptions = {
  seed: 0,
  counts: { train: 1200, val: 400, test: 400 },
  size: 96,
  slidesPerCenter: 10,
  aberrantShare: 0.01,
  difficulty: 0.5,
  truth: 'stains',
  testLabels: false,
}

/** What makes a patch useless on purpose, or null. */
export type Aberration = 'blackBar' | 'blackRegion' | 'blank' | null

/** What a patch will be, known without rendering it. */
export interface SyntheticRow {
  readonly label: 0 | 1
  readonly center: CenterName
  /** Number of the slide, unique over the centers: ten times the center plus the slide, as in the challenge. */
  readonly slide: number
  readonly aberration: Aberration
  /** Where tumour lies: in the central square (label 1), only outside it, or nowhere. */
  readonly tumour: 'center' | 'outside' | 'none'
}

/** What is known of a rendered patch. */
export interface SyntheticTruth extends SyntheticRow {
  readonly stains: Slide
  /** Share of the central square that is tumour, 0 to 1. */
  readonly tumourShare: number
  /** Concentrations as stained on this slide, and where tumour lies; row-major `size` x `size`. */
  readonly maps: { readonly hematoxylin: Field; readonly eosin: Field; readonly tumour: Uint8Array }
}

/** A patch: HWC bytes, and its truth. */
export interface SyntheticPatch {
  readonly pixels: Uint8Array
  readonly label: 0 | 1
  readonly center: CenterName
  readonly slide: number
  readonly truth: SyntheticTruth
}

// The challenge's shares of the three centers in train (17,756 : 38,756 : 43,488).
const centerShares: Record<SyntheticSplit, readonly (readonly [CenterName, number])[]> = {
  train: [
    ['0', 0.178],
    ['3', 0.387],
    ['4', 0.435],
  ],
  val: [['1', 1]],
  test: [['2', 1]],
}

/** Throws DataError where options are out of range. Fills in what is missing. */
export function completeSyntheticOptions(options: Partial<SyntheticOptions>): SyntheticOptions {
  const complete = { ...syntheticDefaults, ...options }
  const check = (name: string, value: number, low: number, high: number, whole: boolean) => {
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return
    const expected = `${whole ? 'a whole number' : 'a number'} from ${low} to ${high}`
    throw new DataError({ where: `synthetic ${name}`, expected, got: `${value}` })
  }
  check('seed', complete.seed, 0, Number.MAX_SAFE_INTEGER, true)
  for (const split of ['train', 'val', 'test'] as const) {
    check(`counts.${split}`, complete.counts[split], 0, 10_000_000, true)
  }
  check('size', complete.size, 32, 1024, true)
  check('slidesPerCenter', complete.slidesPerCenter, 1, 10, true)
  check('aberrantShare', complete.aberrantShare, 0, 1, false)
  check('difficulty', complete.difficulty, 0, 1, false)
  return complete
}

/** What patch `index` of `split` will be. Nothing in it depends on the order of indices. */
export function describeSyntheticPatch(
  options: SyntheticOptions,
  split: SyntheticSplit,
  index: number,
): SyntheticRow {
  const random = openRandom(options.seed, 'synthetic row', split, index)
  const center = pickCenter(random, split)
  // Slides differ in size, as they do in the challenge: the first ones give more patches.
  const slideOfCenter = Math.floor(options.slidesPerCenter * random.uniform() ** 1.4)
  const aberrant = random.uniform() < options.aberrantShare
  const kind = (['blackBar', 'blackRegion', 'blank'] as const)[random.integer(3)]
  const aberration = aberrant ? kind : null
  const label = random.uniform() < 0.5 && aberration !== 'blank' ? 1 : 0
  const outside = random.uniform() < 0.25 * options.difficulty
  const tumour = label === 1 ? 'center' : outside ? 'outside' : 'none'
  return { label, center, slide: 10 * Number(center) + slideOfCenter, aberration, tumour }
}

function pickCenter(random: Random, split: SyntheticSplit): CenterName {
  let left = random.uniform()
  for (const [center, share] of centerShares[split]) {
    left -= share
    if (left < 0) return center
  }
  return centerShares[split][0][0]
}

/** Renders patch `index` of `split`. The same options, split and index give the same bytes. */
export function renderSyntheticPatch(
  options: SyntheticOptions,
  split: SyntheticSplit,
  index: number,
): SyntheticPatch {
  const row = describeSyntheticPatch(options, split, index)
  const random = openRandom(options.seed, 'synthetic patch', split, index)
  const { size } = options
  const tissue = composeTissue(random, size, row.tumour, options.difficulty)
  if (row.aberration === 'blank') clearTissue(tissue)
  const stains = drawSlide(options.seed, row.center, row.slide % 10)
  for (let i = 0; i < tissue.eosin.length; i++) {
    tissue.hematoxylin[i] *= stains.strength[0]
    tissue.eosin[i] *= stains.strength[1]
  }
  const pixels = scanSection(tissue.hematoxylin, tissue.eosin, size, stains, random)
  if (row.aberration !== null && row.aberration !== 'blank') blacken(random, pixels, size, row.aberration)
  const { hematoxylin, eosin, tumour } = tissue
  const truth = { ...row, stains, tumourShare: measureCenter(tissue), maps: { hematoxylin, eosin, tumour } }
  return { pixels, label: row.label, center: row.center, slide: row.slide, truth }
}

function clearTissue({ hematoxylin, eosin, tumour }: Tissue): void {
  hematoxylin.fill(0)
  eosin.fill(0)
  tumour.fill(0)
}

function measureCenter({ size, tumour }: Tissue): number {
  const { start, side } = centralSquare(size)
  let covered = 0
  for (let y = start; y < start + side; y++) {
    for (let x = start; x < start + side; x++) covered += tumour[y * size + x]
  }
  return covered / (side * side)
}

// Pure black, as where a scanner or a stitching program left nothing: a bar along a side, or a rectangle.
function blacken(random: Random, pixels: Uint8Array, size: number, kind: 'blackBar' | 'blackRegion'): void {
  const thick = Math.ceil(size * (0.06 + 0.3 * random.uniform()))
  const wide = kind === 'blackBar' ? size : Math.ceil(size * (0.25 + 0.4 * random.uniform()))
  const start = kind === 'blackBar' ? 0 : random.integer(size - wide + 1)
  const side = random.integer(4)
  for (let depth = 0; depth < thick; depth++) {
    for (let along = start; along < start + wide; along++) {
      const line = side % 2 === 0 ? depth : size - 1 - depth
      const i = side < 2 ? line * size + along : along * size + line
      pixels.fill(0, 3 * i, 3 * i + 3)
    }
  }
}
