// How near learned stain methods come to the truth: synthetic tissue whose target rendering is known. Trains from
// scratch and prints one line of JSON a method; a stopped run goes on where it was.
// Run: npx tsx bench/ganTruth.ts --centers 1,2 --target 2 --method cyclegan [--preset small] [--set key=json ...]
//   [--also inference=rgb ...] [--patches N] [--out FOLDER] [--threads N]

import { parseArgs } from 'node:util'
import { joinPixels, openRandom, type Pixels, pixels, pixelsAt, slicePixels } from '../src/base/index.ts'
import { openExtractor } from '../src/embed/index.ts'
import { encodePng, writeFileAtomic } from '../src/files/index.ts'
import { completeMethod, completeOptions, parseAssignments } from '../src/recipe/index.ts'
import { compareStructure, drawGrid, meanDifference } from '../src/stain/gan/index.ts'
import {
  type StainDomain,
  type StainFit,
  type StainMethod,
  stainMethods,
  structuralSimilarity,
  type TrainingPlace,
} from '../src/stain/index.ts'
import { type CenterName, drawSlide, type Slide } from '../src/synthetic/centers.ts'
import { scanSection } from '../src/synthetic/scanner.ts'
import { composeTissue } from '../src/synthetic/tissue.ts'

const { values } = parseArgs({
  options: {
    centers: { type: 'string', default: '1,2' },
    target: { type: 'string', default: '2' },
    method: { type: 'string', default: 'cyclegan' },
    preset: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    also: { type: 'string', multiple: true, default: [] },
    patches: { type: 'string', default: '240' },
    held: { type: 'string', default: '40' },
    out: { type: 'string', default: '/tmp/gan-truth' },
    threads: { type: 'string', default: '1' },
  },
})

const side = 96
const seed = 11
const target = values.target as CenterName
const centers = values.centers.split(',') as CenterName[]
const sources = centers.filter((center) => center !== target)

/** Tissue `index` as `slide` shows it. */
function render(index: number, slide: Slide, noise: string): Uint8Array {
  const tissue = composeTissue(openRandom(seed, 'gan truth', index), side, index % 2 ? 'center' : 'none', 0.5)
  for (let i = 0; i < side * side; i++) {
    tissue.hematoxylin[i] *= slide.strength[0]
    tissue.eosin[i] *= slide.strength[1]
  }
  return scanSection(tissue.hematoxylin, tissue.eosin, side, slide, openRandom(seed, 'noise', noise, index))
}

function renderAll(indices: readonly number[], slideOf: (index: number) => Slide, noise: string): Pixels {
  const size = side * side * 3
  const data = new Uint8Array(indices.length * size)
  indices.forEach((index, i) => {
    data.set(render(index, slideOf(index), noise), i * size)
  })
  return pixels(data, indices.length, side, side)
}

// No two centers share tissue; held-out patches lie beyond all that is trained on.
const count = Number(values.patches)
const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i)
const slideOf = (center: CenterName) => (index: number) => drawSlide(seed, center, index % 10)

// The stain that a center has in the mean of its slides: what patches of it are taught to look like, and the truth.
function meanSlide(center: CenterName): Slide {
  const slides = range(0, 10).map((slide) => drawSlide(seed, center, slide))
  const mean = (pick: (slide: Slide) => number) =>
    slides.reduce((sum, slide) => sum + pick(slide), 0) / slides.length
  const vector = (name: 'hematoxylin' | 'eosin' | 'white') =>
    [0, 1, 2].map((k) => mean((slide) => slide[name][k])) as unknown as Slide['white']
  return {
    ...slides[0],
    hematoxylin: vector('hematoxylin'),
    eosin: vector('eosin'),
    white: vector('white'),
    strength: [mean(({ strength }) => strength[0]), mean(({ strength }) => strength[1])],
    gamma: mean(({ gamma }) => gamma),
    blur: mean(({ blur }) => blur),
  }
}

function openDomain(center: CenterName): StainDomain {
  const all = renderAll(range(100_000 * Number(center), count), slideOf(center), center)
  return {
    name: center,
    count,
    height: side,
    width: side,
    async read(rows) {
      return joinPixels(Array.from(rows, (row) => pixelsAt(all, row)))
    },
  }
}

function meanSimilarity(a: Pixels, b: Pixels): number {
  return (
    range(0, a.count).reduce((sum, i) => sum + structuralSimilarity(pixelsAt(a, i), pixelsAt(b, i)), 0) /
    a.count
  )
}

const method = stainMethods[values.method as 'cyclegan'] as unknown as StainMethod<object, StainFit>
const options = completeMethod('--set', method, values.preset, parseAssignments(values.set), '--preset')
const domains = { sources: sources.map(openDomain), target: openDomain(target) }
const extractor = await openExtractor('texture', { threads: 1 })
const [start, cpu] = [performance.now(), process.cpuUsage()]
const place: TrainingPlace = {
  folder: `${values.out}/watch`,
  checkpoints: `${values.out}/checkpoints`,
  seed,
  provider: 'cpu',
  threads: Number(values.threads),
  embed: (batch) => extractor.embed(batch),
  progress: (done, total, note) => console.error(`${done}/${total} ${note}`),
}
const trained = method.train
  ? await method.train(domains, options, place)
  : await method.fit(readTarget(), options)
const fit = (await method.distill?.(trained, domains, options, place)) ?? trained
const seconds = (performance.now() - start) / 1000
const used = process.cpuUsage(cpu)
await extractor.close()

async function* readTarget() {
  yield await domains.target.read(range(0, Math.min(64, count)))
}

for (const extra of [[], ...values.also.map((assignment) => [assignment])]) {
  const chosen = completeOptions<object>('--also', { ...method, defaults: options }, parseAssignments(extra))
  const lines: object[] = []
  const grids: Pixels[] = []
  for (const center of sources) {
    const held = range(100_000 * Number(center) + 50_000, Number(values.held))
    const truth = renderAll(held, () => meanSlide(target), target)
    const context = { centers: held.map(() => center), provider: 'cpu' } as const
    const restain = async (batch: Pixels) => (await method.apply(batch, fit, chosen, context)).pixels
    const before = renderAll(held, () => meanSlide(center), center)
    const after = await restain(before)
    const slides = renderAll(held, slideOf(center), center)
    lines.push({
      center,
      before: meanDifference(before, truth),
      after: meanDifference(after, truth),
      slidesBefore: meanDifference(slides, truth),
      slidesAfter: meanDifference(await restain(slides), truth),
      ...compareStructure(before, after),
      structureOfTruth: compareStructure(before, truth).structure,
      similarityToTruth: meanSimilarity(after, truth),
    })
    grids.push(...[before, after, truth].map((batch) => slicePixels(batch, 0, 8)))
  }
  const name = [values.method, ...extra].join(' ')
  const report = { name, options: chosen, seconds, cpuSeconds: (used.user + used.system) / 1e6, lines }
  await writeFileAtomic(`${values.out}/${name}.json`, JSON.stringify(report, null, 1))
  await writeFileAtomic(`${values.out}/${name}.png`, await encodePng(drawGrid(grids)))
  console.log(JSON.stringify({ name, seconds: Math.round(seconds), lines }))
}
process.exit(0)
