// What looking at patches costs, measured on a few training patches: filtering, fitting a stain, its effect, embedding.

import type { Pixels } from '../base/index.ts'
import { embedPatches, openExtractor } from '../embed/index.ts'
import { type FittedStain, methodOf, stainBatch, stainBatches } from '../normalise/index.ts'
import { type PatchSet, readPixels, selectPatches } from '../patches/index.ts'
import { filterPatches } from '../quality/index.ts'
import type { AugmentEntry, AxisEntry, Recipe, StainEntry } from '../recipe/index.ts'
import { compareResult } from '../stain/index.ts'
import { makeViews, oneView } from './steps/augmentViews.ts'

/** What so many items took. */
export interface Sample {
  readonly items: number
  readonly seconds: number
}

/** Where networks run, and on how many threads. */
export interface SamplePlace {
  readonly device: string
  readonly threads: number
}

// Patches that are not counted, since whatever is used for the first time is slow; patches that are; and seconds that more of
// them may take.
const warmUp = 8
const counted = 32
const secondsMore = 0.5
const patchesAtMost = 512

/** Of the quality filter. */
export async function sampleFilter(set: PatchSet, options: Recipe['quality']): Promise<Sample[]> {
  const rows = spreadRows(set, patchesAtMost)
  return timeMore(rows, (some) => filterPatches(selectPatches(set, some), options ?? {}))
}

/** Of fitting a stain on a reference, or on groups; null for one that is trained. */
export async function sampleFit(set: PatchSet, stain: StainEntry): Promise<Sample[] | null> {
  const method = methodOf(stain)
  if (method.train) return null
  if (!method.needsReference)
    return [{ items: 0, seconds: await time(() => method.fit(nothing(), stain.options)) }]
  return timeMore(spreadRows(set, 2 * counted), (rows) => method.fit(readPixels(set, rows), stain.options))
}

/** Of a stain's effect; null for one that is trained. */
export async function sampleEffect(set: PatchSet, stain: StainEntry): Promise<Sample[] | null> {
  const ready = await fitFew(set, stain)
  return (
    ready &&
    timeMore(spreadRows(set, 2 * counted), async (rows) => {
      const pixels = await set.read(rows)
      const result = await stainBatch(set, { rows, pixels }, ready, {})
      compareResult(stain.label, pixels, result, new Array(rows.length).fill('0'))
    })
  )
}

/** Of normalising patches that are kept; null for a stain that is trained. */
export async function samplePixels(set: PatchSet, stain: StainEntry): Promise<Sample[] | null> {
  const ready = await fitFew(set, stain)
  return (
    ready &&
    timeMore(spreadRows(set, patchesAtMost), async (rows) => {
      for await (const _ of stainBatches(set, rows, ready, {})) {
        // what it makes is not kept
      }
    })
  )
}

/** Of embedding; null where a stain is trained, or where patches are restained towards centers that must be fitted first. */
export async function sampleEmbedding(
  set: PatchSet,
  {
    stain,
    augment,
    embed,
  }: { readonly stain: StainEntry; readonly augment: AugmentEntry; readonly embed: AxisEntry },
  views: number,
  { device, threads }: SamplePlace,
): Promise<Sample[] | null> {
  const ready = await fitFew(set, stain)
  if (!ready || (views > 1 && augment.stain.name === 'restain')) return null
  const augmenter = views > 1 ? makeViews(0, set, augment, []) : oneView
  const extractor = await openExtractor({ name: embed.name, ...embed.options }, { device, threads })
  async function* readViews(rows: Uint32Array): AsyncGenerator<Pixels> {
    for await (const batch of stainBatches(set, rows, ready!, {})) yield augmenter.makeView(batch, views - 1)
  }
  try {
    return await timeMore(spreadRows(set, patchesAtMost), (rows) =>
      embedPatches({ batches: readViews(rows), extractor, append() {} }),
    )
  } finally {
    await extractor.close()
  }
}

async function* nothing(): AsyncGenerator<Pixels> {}

async function fitFew(set: PatchSet, stain: StainEntry): Promise<FittedStain | null> {
  const method = methodOf(stain)
  if (method.train) return null
  const reference = method.needsReference ? readPixels(set, spreadRows(set, 2 * warmUp)) : nothing()
  return { entry: stain, method, fit: await method.fit(reference, stain.options) }
}

// So many rows from all over a set.
function spreadRows({ count }: PatchSet, wanted: number): Uint32Array {
  const taken = Math.min(count, wanted)
  return Uint32Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken))
}

// The first patches tell how long it takes to begin, the next what each takes and how many more there is time for.
async function timeMore(rows: Uint32Array, work: (rows: Uint32Array) => Promise<unknown>): Promise<Sample[]> {
  const timeSome = async (some: Uint32Array) => ({
    items: some.length,
    seconds: await time(() => work(some)),
  })
  const first = await timeSome(rows.subarray(0, warmUp))
  const next = rows.subarray(warmUp, warmUp + counted)
  if (next.length === 0) return [first]
  const few = await timeSome(next)
  const more = Math.floor(secondsMore / (few.seconds / few.items))
  const rest = rows.subarray(warmUp + counted, warmUp + counted + more)
  const { items, seconds } = rest.length < 2 * counted ? few : await timeSome(rest)
  const start = Math.max(0, first.seconds - (first.items / items) * seconds)
  return [
    { items: 0, seconds: start },
    { items, seconds: start + seconds },
  ]
}

/** Seconds that `work` takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
