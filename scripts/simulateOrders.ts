// How often the guard against telling orders is wrong, and what it finds: slides that differ as scripts/intervals/slideModel.ts
// has it, in orders that have nothing to do with labels and in orders that do. Prints the tables of docs/guards.md.
// Usage: npx tsx scripts/simulateOrders.ts [replications] [those of telling orders] [seed]

import { openRandom, type Random } from '../src/base/index.ts'
import { findOrders, testOrder } from '../src/guards/index.ts'
import { drawSizes, drawSlide, slideModel, squash } from './intervals/slideModel.ts'

const [many = 2000, some = 200, seed = 0] = process.argv.slice(2).map(Number)

interface Patch {
  readonly slide: string
  readonly label: number
}
type Slide = readonly Patch[]
type Draw = (random: Random, slides: number) => Patch[]

const toSlide = (labels: readonly number[], slide: number): Slide =>
  labels.map((label) => ({ slide: `${slide}`, label }))

// Labels of single patches by chance.
function drawSlides(random: Random, count: number): Slide[] {
  return drawSizes(random, slideModel, count).map((size, slide) => {
    const { prevalence } = drawSlide(random, slideModel)
    return toSlide(
      Array.from({ length: size }, () => Number(random.uniform() < prevalence)),
      slide,
    )
  })
}

// Tissue: tumour lies to one side, its border is ragged, and patches are cut row by row.
function drawTissue(random: Random, count: number): Slide[] {
  return drawSizes(random, slideModel, count).map((size, slide) => {
    const { prevalence } = drawSlide(random, slideModel)
    const angle = 2 * Math.PI * random.uniform()
    const across = Math.ceil(Math.sqrt(size))
    const depth = Array.from({ length: size }, (_, i) => {
      const [x, y] = [i % across, Math.floor(i / across)].map((at) => at / across - 0.5)
      return x * Math.cos(angle) + y * Math.sin(angle) + 0.1 * random.normal()
    })
    const border = depth.toSorted((a, b) => a - b)[Math.min(size - 1, Math.floor(prevalence * size))]
    return toSlide(
      depth.map((value) => Number(value < border)),
      slide,
    )
  })
}

// Two or three slides of a patient lie side by side and are alike; nobody says whose they are.
function drawPatients(random: Random, count: number): Slide[] {
  let [odds, left] = [0, 0]
  return drawSizes(random, slideModel, count).map((size, slide) => {
    if (left-- <= 0) [odds, left] = [random.normal(), 1 + random.integer(2)]
    const prevalence = squash(odds + 0.3 * random.normal())
    return toSlide(
      Array.from({ length: size }, () => Number(random.uniform() < prevalence)),
      slide,
    )
  })
}

const shuffle = <T>(items: readonly T[], random: Random): T[] =>
  Array.from(random.permutation(items.length), (i) => items[i])
const tumour = (patches: readonly Patch[]) => patches.reduce((sum, { label }) => sum + label, 0)
const byLabel = (patches: readonly Patch[]) => patches.toSorted((a, b) => b.label - a.label)

const innocent: Readonly<Record<string, Draw>> = {
  'patches in any order': (random, count) => shuffle(drawSlides(random, count).flat(), random),
  'slide by slide': (random, count) => drawSlides(random, count).flat(),
  'slide by slide, row by row of the tissue': (random, count) => drawTissue(random, count).flat(),
  'slide by slide, slides of a patient together': (random, count) => drawPatients(random, count).flat(),
}

const telling: Readonly<Record<string, Draw>> = {
  'tumour first': (random, count) => byLabel(drawSlides(random, count).flat()),
  'tumour first, on each slide': (random, count) => drawSlides(random, count).flatMap(byLabel),
  'slides by their share of tumour': (random, count) =>
    drawSlides(random, count)
      .toSorted((a, b) => tumour(b) / b.length - tumour(a) / a.length)
      .flat(),
  'tumour and normal in turns': (random, count) => {
    const patches = shuffle(drawSlides(random, count).flat(), random)
    const [some, others] = [0, 1].map((label) => patches.filter((patch) => patch.label === label))
    return some.slice(0, others.length).flatMap((patch, i) => [patch, others[i]])
  },
  'any order, three of ten normal patches moved to the end': (random, count) => {
    const patches = shuffle(drawSlides(random, count).flat(), random)
    const isMoved = patches.map(({ label }) => label === 0 && random.uniform() < 0.3)
    return [...patches.filter((_, i) => !isMoved[i]), ...patches.filter((_, i) => isMoved[i])]
  },
}

const columns = [
  'trend: p < 0.05',
  'p < 0.001',
  'runs: p < 0.05',
  'p < 0.001',
  'trend over patches: p < 0.001',
  'warned: trend',
  'warned: runs',
  'noted: neighbours',
  'noted: slides',
]

function judge(patches: readonly Patch[]): boolean[] {
  const { trend, clumping, trendOfPatches } = test(patches)
  const kind = find(patches)
  return [
    trend < 0.05,
    trend < 0.001,
    clumping < 0.05,
    clumping < 0.001,
    trendOfPatches < 0.001,
    kind === 'trend',
    kind === 'runs',
    kind === 'neighbours',
    kind === 'slides',
  ]
}

function test(patches: readonly Patch[]) {
  const slides = patches.map(({ slide }) => slide)
  const labels = Uint8Array.from(patches, ({ label }) => label)
  return testOrder({ labels, values: patches.map((_, i) => i), blocks: slides, slides })
}

function find(patches: readonly Patch[]) {
  const set = {
    ids: patches.map((_, i) => `${i}`),
    labels: Uint8Array.from(patches, ({ label }) => label),
    centers: null,
    slides: patches.map(({ slide }) => slide),
    patients: null,
  }
  return findOrders([{ name: 'set', set }])[0]?.kind
}

const printRow = (cells: readonly (string | number)[]) =>
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(3) : cell)).join(' | ')} |`)

for (const [draws, replications] of [
  [innocent, many],
  [telling, some],
] as const) {
  console.log(`\n${replications} replications`)
  printRow(['order', 'slides', ...columns])
  for (const [name, draw] of Object.entries(draws)) {
    for (const slides of [5, 10, 20, 50]) {
      const sums = columns.map(() => 0)
      for (let replication = 0; replication < replications; replication++) {
        const patches = draw(openRandom(seed, name, slides, replication), slides)
        const isMixed = tumour(patches) > 0 && tumour(patches) < patches.length
        if (isMixed) for (const [i, is] of judge(patches).entries()) sums[i] += Number(is)
      }
      printRow([name, `${slides}`, ...sums.map((sum) => sum / replications)])
    }
  }
}
