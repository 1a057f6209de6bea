// `train` of the learned methods: one generator a source, or one for all sources together, trained or read from
// checkpoints, and what it takes to find the right one for a patch.

import { openRandom, type Pixels, RecipeError, silent, slicePixels } from '../../base/index.ts'
import { nameFile } from '../../files/index.ts'
import type { LoopResult } from '../../train/index.ts'
import type { Networks, StainDomain, StainDomains, TrainingPlace } from '../stainMethod.ts'
import { applyGan, isPooled, pooled } from './applyGan.ts'
import { drawArchitecture } from './architecture.ts'
import { buildGan } from './buildGan.ts'
import { distill, meanDifference } from './distill.ts'
import { type GanFit, type GanModel, readGenerator } from './ganFit.ts'
import { checkTraining, type GanOptions, trainingSide } from './ganOptions.ts'
import { pickMoments } from './moments.ts'
import { openColourMap } from './restainer.ts'
import { meanSignature, type Signature, signPatches } from './signature.ts'
import { completeNetwork, sampleSources, type TrainedGan, trainGan } from './trainGan.ts'

/** A generator for each source. Throws DataError for an empty domain, RecipeError for sides that do not fit. */
export async function fitEach(
  domains: StainDomains,
  options: GanOptions,
  place: TrainingPlace,
): Promise<GanFit> {
  const { sources } = domains
  const groups = sources.map((source) => ({ name: source.name, sources: [source] }))
  return fitGroups(groups, domains, options, place)
}

/** One generator for all sources, with moments of each center and of the target. Throws as fitEach. */
export async function fitPooled(
  domains: StainDomains,
  options: GanOptions,
  place: TrainingPlace,
): Promise<GanFit> {
  const { sources, target } = domains
  const fit = await fitGroups([{ name: pooled, sources }], domains, options, place)
  const networks = { ...fit.networks }
  for (const domain of options.moments === 'source' ? [...sources, target] : []) {
    const whole = await completeOn([domain], fit.networks[pooled], options, fit.side, place)
    networks[domain.name] = pickMoments(whole)
  }
  const targetSignature = await signDomain(target, place.seed)
  const centers = [...fit.centers, { name: target.name, signature: targetSignature }]
  return { ...fit, networks, centers }
}

/**
 * The fit with colour maps in place of generators, where the options ask for them: one a center that patches may be sent
 * to, fitted on half of a sample and compared with the generator on the other half.
 */
export async function distillFit(
  fit: GanFit,
  { sources, target }: StainDomains,
  options: GanOptions,
  place: TrainingPlace,
): Promise<GanFit> {
  if (options.distill === null) return fit
  const networks: Record<string, Networks[string]> = {}
  const disagreement: Record<string, number> = {}
  for (const domain of isPooled(fit) ? [...sources, target] : sources) {
    const { name } = domain
    const sample = await sampleSources([domain], { ...options, scored: 2 * options.scored }, place.seed)
    const { provider, threads } = place
    const context = { centers: new Array<string>(sample.count).fill(name), provider, threads }
    const { pixels } = await applyGan(sample, fit, { ...options, distill: null }, context)
    const [before, after] = [splitHalf(sample), splitHalf(pixels)]
    networks[name] = await distill(before[0], after[0], options.distill, place)
    const student = openColourMap(networks[name], options.distill, place)
    disagreement[name] = meanDifference(await student.restain(before[1]), after[1])
    await student.close()
  }
  return { ...fit, networks, disagreement }
}

function splitHalf(batch: Pixels): [Pixels, Pixels] {
  const half = Math.ceil(batch.count / 2)
  if (half === batch.count) return [batch, batch]
  return [slicePixels(batch, 0, half), slicePixels(batch, half, batch.count)]
}

interface Group {
  readonly name: string
  readonly sources: readonly StainDomain[]
}

async function fitGroups(
  groups: readonly Group[],
  { sources, target }: StainDomains,
  options: GanOptions,
  place: TrainingPlace,
): Promise<GanFit> {
  checkTraining({ sources, target }, options)
  const side = trainingSide(options, target.height, target.width)
  const models: GanModel[] = []
  const networks: Record<string, Networks[string]> = {}
  for (const [index, { name, sources }] of groups.entries()) {
    const made = options.weights === null ? await trainGroup(groups, index, target, options, place) : null
    const path = made ? null : checkpointOf(options, name)
    networks[name] = made
      ? made.network
      : await completeOn(sources, await readGenerator(path!, options), options, side, place)
    models.push({ source: name, from: path ?? 'training', ...describeTraining(made) })
  }
  const centers: GanFit['centers'][number][] = []
  for (const domain of sources) {
    centers.push({ name: domain.name, signature: await signDomain(domain, place.seed) })
  }
  const seen = options.weights === null ? [...sources, target].map(({ name }) => name) : []
  const architecture = drawArchitecture(options, side)
  return { target: target.name, seen, side, models, centers, architecture, networks }
}

function trainGroup(
  groups: readonly Group[],
  index: number,
  target: StainDomain,
  options: GanOptions,
  place: TrainingPlace,
): Promise<TrainedGan> {
  const { name, sources } = groups[index]
  const { progress = silent } = place
  const own = nameFile(name)
  return trainGan(sources, target, options, {
    ...place,
    folder: `${place.folder}/${own}`,
    checkpoints: `${place.checkpoints}/${own}`,
    // Epochs of all trainings together.
    progress: (done, total, note) =>
      progress(
        total === undefined ? done : index * total + done,
        total === undefined ? undefined : groups.length * total,
        `${name} to ${target.name}: ${note ?? ''}`,
      ),
  })
}

async function completeOn(
  sources: readonly StainDomain[],
  network: Networks[string],
  options: GanOptions,
  side: number,
  place: TrainingPlace,
): Promise<Networks[string]> {
  const sample = await sampleSources(sources, options, place.seed)
  return completeNetwork(buildGan(options), network, sample, options, side, {
    provider: place.provider,
    threads: place.threads,
  })
}

function checkpointOf({ weights }: GanOptions, source: string): string {
  const path = typeof weights === 'string' ? weights : weights?.[source]
  if (path !== undefined) return path
  const expected = `a checkpoint for source ${source}`
  throw new RecipeError({ where: 'stain weights', expected, got: Object.keys(weights ?? {}).join(', ') })
}

function describeTraining(made: TrainedGan | null): Omit<GanModel, 'source' | 'from'> {
  if (!made) return { epochs: null, bestEpoch: null, ending: null, scores: null, curve: null }
  const { history, bestEpoch, ending } = made
  return {
    epochs: history.length,
    bestEpoch,
    ending: describeEnding(ending),
    scores: history[bestEpoch - 1].validation,
    curve: history.map(({ validation }) => validation),
  }
}

function describeEnding(ending: LoopResult['ending']): string {
  if (ending === 'done') return 'all epochs done'
  return ending === 'stalled' ? 'scores stalled' : `diverged (${ending.diverged})`
}

const signedAtMost = 256
const batchRows = 64

async function signDomain({ name, count, read }: StainDomain, seed: number): Promise<Signature | null> {
  const rows = openRandom(seed, 'signature', name).permutation(count).subarray(0, signedAtMost).sort()
  const found: (Signature | null)[] = []
  for (let start = 0; start < rows.length; start += batchRows) {
    found.push(...signPatches(await read(rows.subarray(start, start + batchRows))))
  }
  return meanSignature(found)
}
