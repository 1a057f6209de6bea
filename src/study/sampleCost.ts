// What tasks cost that nothing is known of: measured now, for a moment each, and remembered. A stain that is trained is not
// tried, nor what rests on one: a few steps of a training take longer than a forecast is worth.

import { type Progress, silent } from '../base/index.ts'
import type { Engines } from '../engine/index.ts'
import type { Recipe, StainEntry } from '../recipe/index.ts'
import { noAdaptation, pairHead } from '../recipe/index.ts'
import { stainMethods } from '../stain/index.ts'
import { type Cost, type CostedTask, listUnknown, measure, type Rate, recordRate } from '../tasks/index.ts'
import {
  type ExtractorFacts,
  effectCost,
  embedCost,
  evaluationCost,
  filterCost,
  fitCost,
  groupsCost,
  headCost,
  pixelsCost,
  signatureCost,
} from './costClass.ts'
import {
  type Sample,
  type SamplePlace,
  sampleEffect,
  sampleEmbedding,
  sampleFilter,
  sampleFit,
  samplePixels,
} from './samplePatches.ts'
import { sampleEvaluation, sampleHead, sampleSignature } from './sampleRows.ts'
import type { OpenSplits } from './splits.ts'

/** The study whose tasks are tried, and where. */
export interface SampledStudy extends SamplePlace {
  readonly recipe: Recipe
  readonly splits: OpenSplits
  readonly extractors: Readonly<Record<string, ExtractorFacts>>
  readonly engines: Engines
  /** After so many seconds nothing more is tried. */
  readonly seconds: number
  readonly progress?: Progress
}

/**
 * Measures one task of each class that is due and that `rates` say nothing of, and remembers what it took. What cannot be
 * tried, or fails, stays unknown. Patches of the test split are not looked at.
 */
export async function sampleCosts(
  tasks: readonly CostedTask[],
  rates: readonly Rate[],
  study: SampledStudy,
): Promise<Rate[]> {
  const { threads, seconds, progress = silent } = study
  const samplers = listSamplers(study)
  const unknown = listUnknown(tasks, rates, threads).filter(({ cost }) => samplers.has(cost.class))
  const found: Rate[] = []
  const start = performance.now()
  for (const [done, { cost }] of unknown.entries()) {
    progress(done, unknown.length, cost.class)
    if (performance.now() - start > 1000 * seconds) break
    found.push(...(await sampleClass(cost, samplers.get(cost.class)!, threads)))
  }
  for (const rate of found) await recordRate(rate)
  return found
}

type Sampler = () => Promise<Sample[] | null>

async function sampleClass(cost: Cost, sampler: Sampler, threads: number): Promise<Rate[]> {
  try {
    let samples: Sample[] | null = null
    const { peakRssMb } = await measure(async () => {
      samples = await sampler()
    })
    return ((samples ?? []) as Sample[]).map(({ items, seconds }) => ({
      class: cost.class,
      size: cost.size,
      items,
      seconds,
      peakRssMb,
      bytes: 0,
      threads: cost.usesThreads ? threads : null,
      at: new Date().toISOString(),
      sampled: true,
    }))
  } catch {
    return [] // a run will say what is wrong
  }
}

const untouched: StainEntry = {
  label: 'none',
  name: 'none',
  options: stainMethods.none.defaults,
  reference: 'published',
  fallback: 'none',
}

// How each class of a study is tried.
function listSamplers({
  recipe,
  splits,
  extractors,
  engines,
  device,
  threads,
}: SampledStudy): Map<string, Sampler> {
  const { train, val } = splits
  const { set } = train
  const place = { device, threads }
  const samplers = new Map<string, Sampler>()
  const add = (cost: Cost, sampler: Sampler) => samplers.set(cost.class, sampler)
  for (const split of [train, val]) add(filterCost(split.set), () => sampleFilter(split.set, recipe.quality))
  for (const stain of recipe.stain) {
    add(fitCost(stain, splits, engines), () => sampleFit(set, stain))
    add(groupsCost(stain, set), () => sampleFit(set, stain))
    add(effectCost(stain, [set]), () => sampleEffect(set, stain))
    add(pixelsCost(stain, set, engines), () => samplePixels(set, stain))
    for (const augment of recipe.augment) {
      for (const embed of recipe.embed) {
        const { dimensions } = extractors[embed.label]
        for (const views of new Set([1, augment.views])) {
          const pair = { stain, augment, embed }
          for (const isStained of [false, true]) {
            // Patches that are normalised already are as good as those that are taken as they are.
            const shown = isStained ? { ...pair, stain: untouched } : pair
            add(embedCost(pair, set, { views, isStained }, dimensions, engines), () =>
              sampleEmbedding(set, shown, views, place),
            )
          }
        }
      }
    }
  }
  for (const embed of recipe.embed) {
    const { dimensions } = extractors[embed.label]
    add(signatureCost([set], dimensions), () => sampleSignature(dimensions))
    for (const head of recipe.classify.flatMap((entry) => pairHead(entry, embed) ?? [])) {
      const rows = { trained: set.count, predicted: val.set.count }
      add(headCost(head, noAdaptation, rows, dimensions, engines), () =>
        sampleHead(head, set.count, dimensions, place),
      )
    }
  }
  const { labels, centers, slides } = val.set
  if (labels) add(evaluationCost(labels.length), () => sampleEvaluation(labels, centers, slides))
  return samplers
}
