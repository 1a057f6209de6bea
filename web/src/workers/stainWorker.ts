// The stain bench's work: pictures are decoded and kept here, a method is fitted on some and applied to all.

import { joinPixels, type Pixels } from '../../../src/base/index.ts'
import {
  classicalMethods,
  compareResult,
  type StainFit,
  type StainMethod,
  type StainResult,
  type Verdict,
} from '../../../src/stain/browser.ts'
import {
  describeSyntheticPatch,
  renderSyntheticPatch,
  type SyntheticOptions,
  type SyntheticSplit,
  syntheticDefaults,
} from '../../../src/synthetic/browser.ts'
import { decodePicture, drawPixels, encodePicture } from './pictures.ts'
import { answerQuestions } from './talk.ts'

/** A picture that was taken in. */
export interface TakenPicture {
  readonly width: number
  readonly height: number
  readonly picture: ImageBitmap
}

/** A synthetic one, with what it was made as. */
export interface SyntheticPicture extends TakenPicture {
  readonly id: string
  readonly name: string
  readonly center: string
}

/** What is to be done. */
export interface StainOrder {
  readonly method: string
  readonly options: object
  /** Pictures that the method is fitted on; none means the method's published target. */
  readonly references: readonly string[]
  /** The pictures to normalise, in this order. */
  readonly ids: readonly string[]
  /** The center of each, by its id; '' where it is not known. */
  readonly centers: Readonly<Record<string, string>>
}

/** One picture done. */
export interface StainedPicture {
  readonly id: string
  readonly picture: ImageBitmap
  readonly verdict: Verdict
  readonly reason: string | null
  /** Time that the method took for it, without drawing. */
  readonly milliseconds: number
}

/** What a method does to all pictures, as `eosin stain compare` measures it; null where they differ in size. */
export interface StainFigures {
  readonly similarity: number
  readonly hematoxylinKept: number
  /** Null with fewer than two centers. */
  readonly centerDistance: number | null
  readonly centerDistanceBefore: number | null
  readonly withinCenter: number
  readonly withinCenterBefore: number
}

const pictures = new Map<string, Pixels>()
const stained = new Map<string, Pixels>()
let latest = 0

const handlers = {
  async take({ id, file, name }: { id: string; file: Blob; name: string }): Promise<TakenPicture> {
    const patch = await decodePicture(file, name)
    pictures.set(id, patch)
    return { width: patch.width, height: patch.height, picture: await drawPixels(patch) }
  },

  /** Patches of the generator, from each of its centers. */
  async makeSynthetic({ size, perCenter }: { size: number; perCenter: number }): Promise<SyntheticPicture[]> {
    const options = { ...syntheticDefaults, size, aberrantShare: 0 }
    const made: SyntheticPicture[] = []
    for (const { split, index } of listSynthetic(options, perCenter)) {
      const { pixels: data, center } = renderSyntheticPatch(options, split, index)
      const patch: Pixels = { data, count: 1, height: size, width: size }
      const id = `synthetic-${split}-${index}`
      pictures.set(id, patch)
      made.push({ id, name: id, center, width: size, height: size, picture: await drawPixels(patch) })
    }
    return made
  },

  async drop({ ids }: { ids: readonly string[] }): Promise<void> {
    for (const id of ids) {
      pictures.delete(id)
      stained.delete(id)
    }
  },

  /** Answers null where a later order came in the meantime. */
  async normalise(
    order: StainOrder,
    report: (done: StainedPicture) => void,
  ): Promise<{ figures: StainFigures | null } | null> {
    const run = ++latest
    const method = classicalMethods[order.method as keyof typeof classicalMethods] as StainMethod<
      object,
      StainFit
    >
    const fit = await method.fit(readReferences(order.references), order.options)
    const results: StainResult[] = []
    for (const id of order.ids) {
      await letMessagesIn()
      if (run !== latest) return null
      const patch = pictures.get(id)
      if (!patch) continue
      const started = performance.now()
      const result = await method.apply(patch, fit, order.options)
      const milliseconds = performance.now() - started
      stained.set(id, result.pixels)
      results.push(result)
      const [verdict, reason] = [result.verdicts[0], result.reasons[0]]
      report({ id, picture: await drawPixels(result.pixels), verdict, reason, milliseconds })
    }
    return { figures: measure(order, results) }
  },

  async encode({ id }: { id: string }): Promise<Blob | null> {
    const patch = stained.get(id)
    return patch ? encodePicture(patch) : null
  },
}

/** What this worker answers. */
export type StainHandlers = typeof handlers

// The first so many patches of each center, by the number of the center.
function listSynthetic(options: SyntheticOptions, perCenter: number) {
  const found: { split: SyntheticSplit; index: number; center: string }[] = []
  const centersOf: Readonly<Record<SyntheticSplit, number>> = { train: 3, val: 1, test: 1 }
  for (const split of ['train', 'val', 'test'] as const) {
    const end = found.length + centersOf[split] * perCenter
    for (let index = 0; found.length < end; index++) {
      const { center } = describeSyntheticPatch(options, split, index)
      if (found.filter((other) => other.center === center).length < perCenter)
        found.push({ split, index, center })
    }
  }
  return found.sort((a, b) => Number(a.center) - Number(b.center))
}

async function* readReferences(ids: readonly string[]): AsyncGenerator<Pixels> {
  for (const id of ids) {
    const patch = pictures.get(id)
    if (patch) yield patch
  }
}

function measure({ ids, centers }: StainOrder, results: readonly StainResult[]): StainFigures | null {
  const before = ids.flatMap((id) => pictures.get(id) ?? [])
  const [first] = before
  if (!first || before.some(({ width, height }) => width !== first.width || height !== first.height))
    return null
  const all = joinPixels(before)
  const names = ids.map((id) => centers[id] ?? '')
  const result: StainResult = {
    pixels: joinPixels(results.map(({ pixels }) => pixels)),
    verdicts: results.flatMap(({ verdicts }) => verdicts),
    reasons: results.flatMap(({ reasons }) => reasons),
  }
  const known = names.every(Boolean) ? names : names.map(() => '')
  const as = compareResult('as it is', all, { ...result, pixels: all }, known)
  const { similarity, hematoxylinKept, centerDistance, withinCenter } = compareResult(
    'method',
    all,
    result,
    known,
  )
  return {
    similarity,
    hematoxylinKept,
    centerDistance,
    centerDistanceBefore: as.centerDistance,
    withinCenter,
    withinCenterBefore: as.withinCenter,
  }
}

function letMessagesIn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

answerQuestions(handlers)
