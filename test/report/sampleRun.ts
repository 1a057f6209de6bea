// A made-up run for the report's tests: every figure and picture in it is invented. Nothing was trained.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openRandom, type Random } from '../../src/base/index.ts'
import type { EpochRecord } from '../../src/classify/head.ts'
import type { Evaluation, Interval, Scores } from '../../src/evaluate/evaluation.ts'
import { encodePng } from '../../src/files/index.ts'
import type { ReportData } from '../../src/report/index.ts'
import type {
  Cell,
  CellDifference,
  Gallery,
  GalleryImage,
  LearnedStain,
  Manifest,
  Metrics,
  RunForecast,
  SeedResult,
  Split,
  StageTiming,
} from '../../src/runs/record.ts'

/** What varies between the sample runs. */
export interface SampleOptions {
  readonly stains?: readonly string[]
  readonly embeds?: readonly string[]
  readonly heads?: readonly string[]
  readonly seeds?: readonly number[]
  readonly testLabels?: boolean
  readonly name?: string
  /** Those of `stains` that were learned; none by default. */
  readonly learned?: readonly string[]
}

/** The files of a made-up run, before they are written. */
export interface SampleRun {
  readonly manifest: Manifest
  readonly metrics: Metrics
  readonly timings: readonly StageTiming[]
  readonly forecast: RunForecast | null
  readonly gallery: Gallery
  readonly learned: readonly LearnedStain[]
  readonly recipe: string
}

const STAINS = ['none', 'macenko', 'reinhard', 'vahadane']
const COUNTS: Readonly<Record<string, [Split, number]>> = {
  0: ['train', 480],
  3: ['train', 620],
  4: ['train', 700],
  1: ['val', 600],
  2: ['test', 800],
}

/** Invents a run; the same options give the same run. */
export function inventRun(options: SampleOptions = {}): SampleRun {
  const { stains = STAINS, embeds = ['texture', 'dinov2-small'], heads = ['mlp', 'logistic'] } = options
  const { seeds = [0, 1, 2], testLabels = true, name = 'made-up test data', learned = [] } = options
  const cells = stains.flatMap((stain, s) =>
    embeds.flatMap((embed, e) =>
      heads.map((head, h) =>
        inventCell([stain, embed, head], seeds, testLabels, 0.8 + 0.022 * s + 0.045 * e - 0.018 * h),
      ),
    ),
  )
  const chosen = cells.reduce((a, b) => (b.val.accuracy.value > a.val.accuracy.value ? b : a))
  return {
    manifest: inventManifest(name, seeds, testLabels, embeds),
    metrics: {
      cells,
      chosen: chosen.id,
      chosenBy: 'best accuracy on val, seeds averaged',
      differences: cells.filter((cell) => cell !== chosen).map((cell) => inventDifference(chosen, cell)),
      verdicts: inventVerdicts(stains),
      ...inventEffects(stains, embeds),
    },
    timings: inventTimings(cells, stains, embeds, seeds),
    forecast: null,
    gallery: inventGallery(stains, testLabels, learned),
    learned: learned.map(inventTraining),
    recipe: `# Made-up test data: this recipe was never run.\nname: ${name}\nseed: 0\nseeds: ${seeds.length}\nstain: [${stains}]\nembed: [${embeds}]\nclassify: [${heads}]\n`,
  }
}

/** A made-up run as the report's sections take it, without its pictures. */
export function dataOf(run: SampleRun): ReportData {
  return { ...run, cache: null, hasSubmission: true, images: new Map() }
}

/** Markup as a reader sees it. */
export function textOf(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Writes a made-up run folder, with pictures unless `gallery` is false. */
export async function writeSampleRun(folder: string, run: SampleRun, gallery = true): Promise<void> {
  await mkdir(join(folder, 'gallery'), { recursive: true })
  const write = (name: string, content: unknown) => writeFile(join(folder, name), JSON.stringify(content))
  await writeFile(join(folder, 'recipe.yaml'), run.recipe)
  await write('manifest.json', run.manifest)
  await write('metrics.json', run.metrics)
  await write('timings.json', run.timings)
  if (run.forecast) await write('forecast.json', run.forecast)
  if (run.learned.length > 0) await write('training.json', run.learned)
  if (!gallery) return
  await write('gallery.json', run.gallery)
  const draw = async (
    file: string,
    center: string | null,
    label: number | null,
    stain?: string,
    rule?: string,
  ) =>
    writeFile(
      join(folder, 'gallery', file),
      await encodePng({
        data: drawTissue(file, center, label, stain, rule),
        count: 1,
        height: 96,
        width: 96,
      }),
    )
  for (const image of [...run.gallery.samples, ...run.gallery.errors])
    await draw(image.file, image.center, image.label)
  for (const image of run.gallery.rejected)
    await draw(image.file, image.center, image.label, undefined, image.rule)
  for (const { original, methods } of [...run.gallery.stains, ...(run.gallery.learned ?? [])]) {
    await draw(original.file, original.center, original.label)
    for (const { stain, file } of methods)
      await draw(file, stain === 'none' ? original.center : '0', original.label, stain)
  }
}

function inventEffects(
  stains: readonly string[],
  embeds: readonly string[],
): Pick<Metrics, 'effects' | 'signatures'> {
  const around = (value: number): Interval => ({ value, low: value - 0.04, high: value + 0.03 })
  return {
    effects: stains.map((stain, s) => ({
      stain,
      patches: 128,
      similarity: 1 - 0.02 * s,
      hematoxylinKept: 1 - 0.01 * s,
      centerDistance: 16 - 4 * s,
      withinCenter: 7 - s,
    })),
    signatures: stains.flatMap((stain, s) =>
      embeds.map((embed, e) => ({
        stain,
        embed,
        centers: ['0', '1', '3', '4'],
        count: 800,
        chance: 0.25,
        grouped: 'slides' as const,
        linear: around(0.93 - 0.1 * s + 0.02 * e),
        neighbours: around(0.85 - 0.1 * s + 0.02 * e),
        silhouette: around(0.2 - 0.05 * s),
      })),
    ),
  }
}

function inventDifference(chosen: Cell, cell: Cell): CellDifference {
  const compare = (split: 'val' | 'test') => {
    const [a, b] = [chosen[split]?.accuracy.value, cell[split]?.accuracy.value]
    if (a === undefined || b === undefined) return null
    const difference = { value: a - b, low: a - b - 0.03, high: a - b + 0.03 }
    const p = difference.low > 0 ? 0.01 : 0.2
    return {
      difference,
      p,
      resampled: 'slides' as const,
      slides: 10,
      patients: null,
      count: 600,
      onlyA: 40,
      onlyB: 20,
    }
  }
  return { cell: cell.id, val: compare('val')!, test: compare('test') }
}

function inventCell(
  [stain, embed, classify]: string[],
  seeds: readonly number[],
  testLabels: boolean,
  level: number,
): Cell {
  const id = `${stain}/${embed}/${classify}`
  const random = openRandom(7, id)
  const results = seeds.map((seed): SeedResult => {
    const [val, test] = [level + 0.008 * random.normal(), level - 0.045 + 0.012 * random.normal()]
    return {
      seed,
      curve: classify === 'mlp' ? inventCurve(random, level) : [],
      valAccuracy: val,
      testAccuracy: testLabels ? test : null,
      valAuroc: lift(val),
      testAuroc: testLabels ? lift(test) : null,
    }
  })
  const overSeeds = (values: number[]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    return {
      mean,
      sd: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1)),
    }
  }
  const val = overSeeds(results.map((seed) => seed.valAccuracy))
  const test = testLabels ? overSeeds(results.map((seed) => seed.testAccuracy!)) : null
  return {
    id,
    stain,
    augment: 'none',
    adapt: 'none',
    embed,
    classify,
    seeds: results,
    valAccuracyOverSeeds: val,
    testAccuracyOverSeeds: test,
    val: inventEvaluation(random, val.mean + 0.006, '1', 600),
    test: test && inventEvaluation(random, test.mean + 0.006, '2', 800),
  }
}

const lift = (accuracy: number) => 1 - (1 - accuracy) ** 1.35

function inventEvaluation(random: Random, accuracy: number, center: string, count: number): Evaluation {
  const scores = inventScores(accuracy, count)
  const bend = 1 / (1 - lift(accuracy)) - 1
  const falsePositiveRate = Array.from({ length: 60 }, (_, i) => (i / 59) ** 2)
  let risen = 0
  const truePositiveRate = falsePositiveRate.map((x, i) => {
    const noisy = x ** (1 / bend) + 0.012 * random.normal() * (1 - x)
    return (risen = i === 0 ? 0 : i === 59 ? 1 : Math.min(1, Math.max(risen, noisy)))
  })
  return {
    ...scores,
    threshold: 0.5,
    byCenter: { [center]: scores },
    bySlide: Object.fromEntries(
      Array.from({ length: 14 }, (_, i) => [
        `slide-${center}${String(i).padStart(2, '0')}`,
        {
          count: 43,
          positives: 20 + i,
          accuracy: accuracy - 0.06 + 0.1 * random.uniform(),
          mean: 0.42 + 0.02 * i,
          called: 0.4 + 0.025 * i,
          top: 0.95,
        },
      ]),
    ),
    ...inventOtherFigures(accuracy, count),
    roc: { falsePositiveRate, truePositiveRate },
    reliability: Array.from({ length: 15 }, (_, i) => {
      const meanProbability = (i + 0.5) / 15
      const tumourShare = Math.min(
        1,
        Math.max(
          0,
          meanProbability + 0.35 * (meanProbability - 0.5) * (1 - meanProbability) + 0.03 * random.normal(),
        ),
      )
      return {
        meanProbability,
        tumourShare,
        count: Math.round(count * (0.02 + 0.25 * Math.abs(meanProbability - 0.5) ** 2)),
      }
    }),
  }
}

type OtherFigures =
  | 'byPatient'
  | 'slideLevel'
  | 'patientLevel'
  | 'sensitivityAt'
  | 'riskCoverage'
  | 'precisionRecall'

function inventOtherFigures(accuracy: number, count: number): Pick<Evaluation, OtherFigures> {
  const around = (value: number): Interval => ({ value, low: value - 0.05, high: Math.min(1, value + 0.04) })
  const share = { error: around(0.09), correlation: around(0.9), accuracy: null, auroc: null }
  const steps = Array.from({ length: 50 }, (_, i) => (i + 1) / 50)
  return {
    byPatient: {},
    slideLevel: {
      count: 14,
      tumour: 14,
      mean: share,
      called: share,
      top: { ...share, error: null, correlation: null },
    },
    patientLevel: null,
    sensitivityAt: [0.9, 0.95, 0.99].map((specificity, i) => ({
      specificity,
      sensitivity: around(accuracy - 0.1 * i),
      threshold: 0.6 + 0.1 * i,
      normalsNeeded: [10, 20, 100][i],
    })),
    riskCoverage: {
      coverage: steps,
      accuracy: steps.map((coverage) => 1 - (1 - accuracy) * coverage),
      area: around((1 + accuracy) / 2),
      at: [1, 0.9, 0.8, 0.5].map((coverage) => ({
        coverage,
        accuracy: around(1 - (1 - accuracy) * coverage),
        margin: (0.5 * (1 - coverage) * count) / count,
      })),
    },
    precisionRecall: { recall: steps, precision: steps.map((recall) => 1 - 0.5 * recall ** 8) },
  }
}

function inventScores(accuracy: number, count: number): Scores {
  const interval = (value: number, half: number): Interval => ({
    value,
    low: value - half,
    high: Math.min(1, value + 0.9 * half),
  })
  const wrong = Math.round(count * (1 - accuracy))
  const [fp, fn] = [Math.round(wrong * 0.4), wrong - Math.round(wrong * 0.4)]
  return {
    count,
    positives: count / 2,
    accuracy: interval(accuracy, 0.031),
    balancedAccuracy: interval(accuracy - 0.002, 0.032),
    auroc: interval(lift(accuracy), 0.018),
    auprc: interval(lift(accuracy) - 0.004, 0.02),
    f1: interval(accuracy - 0.006, 0.034),
    calibrationError: interval(0.06 - 0.04 * (accuracy - 0.8), 0.017),
    slides: 14,
    patients: null,
    resampled: 'slides',
    confusion: { tp: count / 2 - fn, fp, tn: count / 2 - fp, fn },
  }
}

function inventCurve(random: Random, level: number): EpochRecord[] {
  const floor = 1.25 * (1 - level)
  return Array.from({ length: 24 + random.integer(12) }, (_, i) => ({
    epoch: i + 1,
    trainLoss: 0.72 * Math.exp(-i / 7) + floor * 0.55 + 0.008 * random.normal(),
    valLoss: 0.52 * Math.exp(-i / 5) + floor + 0.0035 * Math.max(0, i - 14) + 0.012 * random.normal(),
    valAccuracy: level - 0.2 * Math.exp(-i / 5),
    learningRate: 1e-3,
  }))
}

// Texture features were trained on nothing.
function inventProvenance(embed: string): Manifest['extractors'][string] {
  if (embed === 'texture') return null
  const pretraining = [{ name: 'Made-up slides', about: 'never scanned' }]
  return { title: `Made-up ${embed}`, licence: 'no licence', pretraining }
}

function inventManifest(
  name: string,
  seeds: readonly number[],
  testLabels: boolean,
  embeds: readonly string[],
): Manifest {
  const splits: Manifest['splits'] = Object.fromEntries(
    (['train', 'val', 'test'] as const).map((split) => {
      const centers = Object.entries(COUNTS).filter(([, [of]]) => of === split)
      const count = centers.reduce((sum, [, [, size]]) => sum + size, 0)
      const rejectedByRule = split === 'train' ? { black: 9, blank: 4, duplicate: 1 } : { black: 3 }
      const lost = split === 'train' ? 14 : 3
      return [
        split,
        {
          source: `made-up/${split}.h5`,
          format: 'challenge',
          origin: 'synthetic' as const,
          licence: split === 'test' ? null : 'CC0-1.0',
          fingerprint: `${split}0123456789abcdef`.repeat(4),
          height: 96,
          width: 96,
          count,
          kept: count - lost,
          rejectedByRule,
          byCenter: Object.fromEntries(
            centers.map(([center, [, size]]) => [
              center,
              { count: size, positives: split === 'test' && !testLabels ? null : size / 2 },
            ]),
          ),
        },
      ]
    }),
  )
  return {
    name,
    seed: 0,
    seeds,
    versions: { eosin: '0.1.0', node: '20.20.0', 'onnxruntime-node': '1.30.0', platform: 'linux x64' },
    splits,
    extractors: Object.fromEntries(embeds.map((embed) => [embed, inventProvenance(embed)])),
    origin: 'synthetic',
  }
}

function inventVerdicts(stains: readonly string[]): Metrics['verdicts'] {
  return stains.flatMap((stain) =>
    (['train', 'val', 'test'] as const).map((split) => ({
      stain,
      split,
      byCenter: Object.fromEntries(
        Object.entries(COUNTS)
          .filter(([, [of]]) => of === split)
          .map(([center, [, size]], i): [string, Record<string, number>] => [
            center,
            stain === 'none'
              ? { ok: size }
              : { ok: size - 21 - i, fallback: 12, passthrough: 7 + i, rejected: 2 },
          ]),
      ),
    })),
  )
}

function inventTimings(
  cells: readonly Cell[],
  stains: readonly string[],
  embeds: readonly string[],
  seeds: readonly number[],
): StageTiming[] {
  const random = openRandom(3, 'timings')
  const take = (stage: string, seconds: number, items: number, cached = false): StageTiming => ({
    stage,
    seconds: seconds * (0.8 + 0.4 * random.uniform()),
    items,
    cached,
    peakRssMb: Math.round(300 + 250 * random.uniform()),
  })
  return [
    ...(['train', 'val', 'test'] as const).map((split) =>
      take(`quality ${split}`, 0.9, split === 'train' ? 1800 : 700),
    ),
    ...stains.map((stain) => take(`stain ${stain}`, 0.6, 0)),
    ...stains.flatMap((stain) =>
      embeds.flatMap((embed, e) =>
        (['train', 'val', 'test'] as const).map((split) =>
          take(
            `embed ${stain}/${embed} ${split}`,
            e ? 34 : 1.6,
            split === 'train' ? 1786 : 597,
            stain === 'none',
          ),
        ),
      ),
    ),
    ...cells.flatMap(({ id, classify }) =>
      seeds.map((seed) => take(`classify ${id} seed ${seed}`, classify === 'mlp' ? 4.2 : 0.3, 1786)),
    ),
  ]
}

// Center 0 is the target; the others of train were seen.
function inventTraining(stain: string): LearnedStain {
  const layer = { kernel: 3, inputs: 3, outputs: 8, side: 64, joins: null }
  const curve = [0.8, 0.6, 0.5, 0.45, 0.31, 0.4].map((stain) => ({
    loss: stain,
    stain,
    texture: stain + 0.11,
    structure: 0.93,
    hematoxylin: 0.95,
  }))
  return {
    stain,
    target: '0',
    seen: ['3', '4', '0'],
    transductive: false,
    side: 64,
    models: ['3', '4'].map((source) => ({
      source,
      from: 'training',
      epochs: 6,
      bestEpoch: 5,
      ending: 'all epochs',
      scores: curve[4],
      curve,
    })),
    architecture: {
      generator: [{ kind: 'convolution', name: 'model.1.weight', ...layer }],
      discriminator: [{ kind: 'convolution', name: 'model.0.weight', ...layer }],
    },
  }
}

function inventGallery(stains: readonly string[], testLabels: boolean, learned: readonly string[]): Gallery {
  const image = (kind: string, center: string, i: number): GalleryImage => {
    const [split] = COUNTS[center]
    return {
      file: `${kind}-${center}-${i}.png`,
      id: String(1000 * Number(center) + 37 * i),
      split,
      center,
      label: split === 'test' && !testLabels ? null : i % 2 ? 1 : 0,
    }
  }
  const centers = Object.keys(COUNTS)
  const samples = centers.flatMap((center) => Array.from({ length: 6 }, (_, i) => image('sample', center, i)))
  return {
    samples,
    ...(learned.length > 0 && {
      learned: samples
        .filter((_, i) => i % 6 < 3)
        .map((original) => ({
          original,
          methods: learned.map((stain) => ({
            stain,
            file: original.file.replace('.png', `-${stain.replaceAll(/[^\w.-]+/g, '_')}.png`),
            verdict: inventVerdict(original.center),
          })),
        })),
    }),
    rejected: ['black', 'blank', 'duplicate'].flatMap((rule, r) =>
      [0, 1, 2, 3].map((i) => ({
        ...image(`rejected-${rule}`, centers[i], i),
        rule,
        value: [2048, 0.9812, 17][r] * (rule === 'black' ? i + 1 : 1),
      })),
    ),
    stains: centers.flatMap((center) =>
      [0, 1].map((i) => ({
        original: image('before', center, i),
        methods: stains.map((stain) => ({
          stain,
          file: `before-${center}-${i}-${stain.replaceAll(/[^\w.-]+/g, '_')}.png`,
          verdict: stain !== 'none' && center === '3' && i === 0 ? 'fallback: too little tissue' : 'ok',
        })),
      })),
    ),
    errors: testLabels
      ? [0, 1, 2, 3, 4, 5, 6, 7].map((i) => ({
          ...image('error', i % 4 < 2 ? '1' : '2', i),
          probability: i % 2 ? 0.02 + 0.03 * i : 0.98 - 0.02 * i,
        }))
      : [],
  }
}

function inventVerdict(center: string | null): string {
  if (center === '0') return 'passthrough: of the target, center 0'
  return center === '1' || center === '2'
    ? `fallback: no generator of center ${center}: that of 3, nearest in colour`
    : 'ok'
}

// Pink ground with violet dots: enough to judge a layout by.
function drawTissue(
  file: string,
  center: string | null,
  label: number | null,
  stain?: string,
  rule?: string,
): Uint8Array {
  const random = openRandom(1, file.split('-').slice(0, 3).join('-').replace('.png', ''))
  const tint = [
    [0, 0, 0],
    [-14, -22, 14],
    [16, 8, -18],
    [-30, 4, 6],
    [8, -26, -10],
  ][Number(center ?? 0)]
  const shift = stain === 'reinhard' ? [6, 4, 0] : stain === 'vahadane' ? [-6, 6, 8] : [0, 0, 0]
  const data = new Uint8Array(96 * 96 * 3)
  const nuclei = Array.from({ length: label ? 26 : 44 }, () => [
    96 * random.uniform(),
    96 * random.uniform(),
    (label ? 6.5 : 3.2) * (0.7 + 0.5 * random.uniform()),
  ])
  const mask = drawDiscs(nuclei)
  for (let p = 0; p < 96 * 96; p++) {
    const [x, y] = [p % 96, Math.floor(p / 96)]
    const inside = mask[p] === 1
    const wave = 14 * Math.sin(x / 9 + y / 14)
    const base =
      rule === 'blank' ? [243, 242, 244] : inside ? [104, 66, 142] : [222 + wave, 158 + wave, 196 + wave / 2]
    const black = rule === 'black' && y > 60
    for (let c = 0; c < 3; c++)
      data[3 * p + c] = black
        ? 0
        : Math.min(255, Math.max(0, base[c] + tint[c] + shift[c] + 24 * (random.uniform() - 0.5)))
  }
  return data
}

function drawDiscs(discs: readonly number[][]): Uint8Array {
  const mask = new Uint8Array(96 * 96)
  for (const [cx, cy, radius] of discs) {
    for (let y = Math.max(0, Math.ceil(cy - radius)); y <= Math.min(95, cy + radius); y++) {
      const half = Math.sqrt(radius ** 2 - (y - cy) ** 2)
      for (let x = Math.max(0, Math.ceil(cx - half)); x <= Math.min(95, cx + half); x++) mask[96 * y + x] = 1
    }
  }
  return mask
}
