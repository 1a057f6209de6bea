// Runs a study: patches -> quality -> stain -> embed -> classify -> evaluate -> report, every step cached,
// so that stopping it at any moment and starting it again ends in the same bytes.

import { isAbsolute, join, relative, resolve } from 'node:path'
import { describeCause, UsageError } from '../base/index.ts'
import { describeIdle, type ProviderChoice, requireProvider } from '../engine/index.ts'
import { countLeftOut, hiddenFile, type OpenedPatchSet } from '../patches/index.ts'
import { describeContradictions } from '../quality/index.ts'
import {
  describeOverlap,
  type Metrics,
  type Overlap,
  openRunFolder,
  type PairSignature,
  type Split,
  type StainEffect,
} from '../runs/index.ts'
import { openCache, openHold } from '../tasks/index.ts'
import { listRecipeParts } from './deviceParts.ts'
import { type EmbeddedGrid, embedGrid } from './embedGrid.ts'
import { requireBothClasses, requireFeasible } from './feasible.ts'
import { watchFiles } from './fingerprints.ts'
import { gatherProbabilities, gatherTruths, judgeGrid } from './judgeGrid.ts'
import { findOverlaps } from './overlap.ts'
import { describeRun } from './provenance.ts'
import type { Recipe } from './recipeSchema.ts'
import { closeSplits, type OpenSplits, openSplits } from './splits.ts'
import { compareCells } from './steps/compareCells.ts'
import { truthOf } from './steps/evaluateCell.ts'
import { type Filtered, type FilteredSplit, filterSplit } from './steps/filter.ts'
import type { Device } from './steps/fittedStain.ts'
import { measureEffect, measurePair } from './steps/judgeStain.ts'
import { prepareStain, type StudyStain } from './steps/prepareStain.ts'
import { noteCost, type Study, type StudyOptions, type StudyResult } from './study.ts'
import { writeRun } from './writeRun.ts'

// Stages that read patches: what they make is kept only if the files did not change meanwhile.
const pixelStages = ['quality', 'stain', 'embed']

/** Runs the study that `recipe` describes; what the cache holds is not done again. */
export async function runStudy(recipe: Recipe, options: StudyOptions): Promise<StudyResult> {
  const onWait = (sentence: string) => options.observer.note?.(sentence)
  const device = options.device as ProviderChoice
  await requireProvider(device)
  const idle = describeIdle(device, listRecipeParts(recipe))
  const run = await openRunFolder(placeRun(recipe, options), { onWait })
  let checkFiles = async () => {}
  const verify = async (stage: string) => (pixelStages.includes(stage) ? checkFiles() : undefined)
  const onDamage = (sentence: string) => {
    run.log.warn({ cache: sentence }, 'damaged entry')
    options.observer.warn?.(sentence)
  }
  const hold = await openHold(options.cache).catch(async (cause) => {
    await run.close()
    throw cause
  })
  const cache = openCache(options.cache, { onWait, onDamage, hold, verify })
  const study: Study = { recipe, options, cache, run, timings: [] }
  try {
    run.log.info({ recipe: recipe.name, seed: recipe.seed, device: idle ?? device }, 'study begins')
    if (idle) options.observer.note?.(idle)
    const splits = await openHashed(study)
    try {
      checkFiles = await watchFiles(Object.values(splits).map(({ set }) => set))
      return await runStages(study, splits)
    } finally {
      await closeSplits(splits)
    }
  } catch (cause) {
    run.log.error({ error: describeCause(cause) }, 'study failed')
    throw cause
  } finally {
    await hold.release()
    await run.close()
  }
}

// A run is no part of the cache, whatever both are called.
function placeRun({ name }: Recipe, { out, cache }: StudyOptions): string {
  const run = join(out, name)
  const place = relative(resolve(cache), resolve(run))
  if (place.startsWith('..') || isAbsolute(place)) return run
  throw new UsageError({
    where: `run ${name}`,
    got: `${run}, which lies in the cache`,
    hint: 'give another --cache, or another name',
  })
}

function openHashed(study: Study): Promise<OpenSplits> {
  return openSplits(study.recipe, study.cache, (split) => {
    const step = study.options.observer.step('patches', split)
    return {
      progress: step.progress,
      done({ hashed, set }) {
        step.end(hashed.cached)
        noteCost(study, 'patches', split, hashed, set.count)
      },
    }
  })
}

// Said at the start: whoever sees it may not want to wait for the end.
function noteOverlaps({ run, options }: Study, splits: OpenSplits): Overlap[] {
  const overlaps = findOverlaps(splits)
  for (const overlap of overlaps) {
    run.log.warn({ overlap }, 'splits overlap')
    options.observer.warn?.(`splits overlap: ${describeOverlap(overlap)}`)
  }
  return overlaps
}

// Files that their owner may take for patches (hidden ones nobody does), and folders that may mean something else.
function noteLeftOut({ run, options }: Study, splits: OpenSplits): void {
  for (const { split, set } of Object.values(splits)) {
    const { doubt } = set as Partial<OpenedPatchSet>
    if (doubt) {
      run.log.warn({ split, doubt })
      options.observer.warn?.(`${split}: ${doubt}`)
    }
    for (const [reason, count] of Object.entries(countLeftOut(set) ?? {})) {
      run.log.info({ split, leftOut: reason, count })
      if (reason !== hiddenFile) options.observer.warn?.(`${split}: ${count} left out: ${reason}`)
    }
  }
}

async function runStages(study: Study, splits: OpenSplits): Promise<StudyResult> {
  const { recipe } = study
  requireFeasible(recipe, splits)
  noteLeftOut(study, splits)
  const overlaps = noteOverlaps(study, splits)
  const filtered = await filterSplits(study, splits)
  const stains = await fitStains(study, splits, filtered)
  const { cells, embedded, verdicts, agreements, provenance } = await embedGrid(
    study,
    splits,
    filtered,
    stains,
  )
  const judged = await judgeGrid(study, cells, filtered, embedded)
  const chosen = judged.reduce((best, cell) =>
    cell.result.val.accuracy.value > best.result.val.accuracy.value ? cell : best,
  )
  const metrics: Metrics = {
    cells: judged.map(({ result }) => result),
    chosen: chosen.result.id,
    chosenBy: 'best accuracy on val, seeds averaged',
    differences: compareCells(
      chosen.result.id,
      gatherProbabilities(judged),
      gatherTruths(filtered),
      recipe.evaluate.threshold,
    ),
    verdicts,
    ...(await judgeStains(study, filtered, stains, embedded)),
    ...(agreements.length > 0 && { agreements }),
  }
  const manifest = await describeRun(recipe, filtered, provenance, overlaps)
  return writeRun(study, { filtered, stains, embedded, judged, chosen, manifest, metrics })
}

// Structure and hospital signature: of each stain method, and of each of its extractors.
async function judgeStains(
  study: Study,
  filtered: Filtered,
  stains: ReadonlyMap<string, StudyStain>,
  embedded: EmbeddedGrid['embedded'],
): Promise<Pick<Metrics, 'effects' | 'signatures'>> {
  const { cache, recipe, options } = study
  const effects: StainEffect[] = []
  const signatures: PairSignature[] = []
  const step = options.observer.step('evaluate', 'stain methods')
  for (const stain of stains.values()) {
    const effect = await measureEffect(cache, filtered, stain)
    if (effect) effects.push(effect)
  }
  for (const [pair, { train, val }] of embedded) {
    const [stain, embed] = [pair.stain.label, pair.embed.label]
    if (signatures.some((known) => known.stain === stain && known.embed === embed)) continue
    const signature = await measurePair(cache, recipe, pair, { train: train!, val: val! }, filtered)
    if (signature) signatures.push({ stain, embed, ...signature })
    step.progress(signatures.length, undefined)
  }
  step.end(false)
  return { effects, signatures }
}

async function filterSplits(study: Study, splits: OpenSplits): Promise<Filtered> {
  const filtered: Partial<Record<Split, FilteredSplit>> = {}
  for (const split of Object.values(splits)) {
    const step = study.options.observer.step('quality', split.split)
    const result = await filterSplit(study.cache, study.recipe, split, step.progress)
    const { rejections, entry, set, rows } = result
    step.end(entry?.cached ?? false, `${rejections.length} of ${set.count} rejected`)
    noteCost(study, 'quality', split.split, entry, set.count)
    for (const sentence of describeContradictions(rejections)) {
      study.options.observer.warn?.(`${split.split}: ${sentence}`)
      study.run.log.warn({ split: split.split, quality: sentence })
    }
    if (split.split !== 'test') requireBothClasses(split.split, truthOf(result).labels!)
    study.run.log.info({ split: split.split, count: set.count, kept: rows.length }, 'quality')
    filtered[split.split] = result
  }
  return filtered as Filtered
}

async function fitStains(
  study: Study,
  splits: OpenSplits,
  filtered: Filtered,
): Promise<Map<string, StudyStain>> {
  const stains = new Map<string, StudyStain>()
  const device = { provider: study.options.device as Device['provider'], threads: study.options.threads }
  for (const entry of study.recipe.stain) {
    const step = study.options.observer.step('stain', entry.label)
    const stain = await prepareStain(
      study.cache,
      study.recipe,
      splits,
      filtered,
      entry,
      device,
      step.progress,
    )
    step.end(stain.entries.every(({ cached }) => cached))
    for (const made of stain.entries) noteCost(study, 'stain', entry.label, made, 0)
    stains.set(entry.label, stain)
  }
  return stains
}
