// `train` of the learned methods: one generator a source, or one for all sources together, trained or read from
// checkpoints, and what it takes to find the right one for a patch.

import { openRandom, RecipeError, silent } from '../../base/index.ts'
import type { LoopResult } from '../../train/index.ts'
import type { Networks, StainDomain, StainDomains, TrainingPlace } from '../stainMethod.ts'
import { drawArchitecture } from './architecture.ts'
import { buildGan } from './buildGan.ts'
import { type GanFit, type GanModel, readGenerator } from './ganFit.ts'
import { type GanOptions, trainingSide } from './ganOptions.ts'
import { pickMoments } from './moments.ts'
import { meanSignature, type Signature, signPatches } from './signature.ts'
import { completeNetwork, sampleSources, type TrainedGan, trainGan } from './trainGan.ts'

/** The name of the one source of `multistain`. */
export const pooled = 'all'

/** A generator for each source. Throws DataError for an empty domain, RecipeError for sides that do not fit. */
export function fitEach(domains: StainDomains, options: GanOptions, place: TrainingPlace): Promise<GanFit> {
  const { sources } = domains
  return fitGroups(
    sources.map((source) => ({ name: source.name, sources: [source] })),
    domains,
    options,
    place,
  )
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
  return { ...fit, networks, centers: [...fit.centers, { name: target.name, signature: targetSignature }] }
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
  if (sources.length === 0) {
    const expected = `a source center beside the target ${target.name}`
    throw new RecipeError({ where: 'stain', expected, got: 'none', hint: 'train from more centers' })
  }
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
  const own = name.replaceAll(/[^\w.-]+/g, '_')
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

function describeTraining(
  made: TrainedGan | null,
): Pick<GanModel, 'epochs' | 'bestEpoch' | 'ending' | 'scores'> {
  if (!made) return { epochs: null, bestEpoch: null, ending: null, scores: null }
  const { history, bestEpoch, ending } = made
  return {
    epochs: history.length,
    bestEpoch,
    ending: describeEnding(ending),
    scores: history[bestEpoch - 1].validation,
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
