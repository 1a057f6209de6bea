// `train` of the learned methods: one generator a source, or one for all sources together, trained or read from
// checkpoints, and what it takes to find the right one for a patch.

import { openRandom, RecipeError, silent } from '../../base/index.ts'
import type { LoopResult } from '../../train/index.ts'
import type { Networks, StainDomain, StainDomains, TrainingPlace } from '../stainMethod.ts'
import { buildGan } from './buildGan.ts'
import { type GanFit, type GanModel, readGenerator } from './ganFit.ts'
import { type GanOptions, trainingSide } from './ganOptions.ts'
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

/** One generator for all sources. Throws as fitEach. */
export function fitPooled(domains: StainDomains, options: GanOptions, place: TrainingPlace): Promise<GanFit> {
  return fitGroups([{ name: pooled, sources: domains.sources }], domains, options, place)
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
    networks[name] = made ? made.network : await loadNetwork(path!, sources, options, side, place)
    models.push({
      source: name,
      signature: await signDomains(sources, place.seed),
      from: path ?? 'training',
      ...describeTraining(made),
    })
  }
  const seen = options.weights === null ? [...sources, target].map(({ name }) => name) : []
  return { target: target.name, seen, side, models, networks }
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

async function loadNetwork(
  path: string,
  sources: readonly StainDomain[],
  options: GanOptions,
  side: number,
  place: TrainingPlace,
): Promise<Networks[string]> {
  const network = await readGenerator(path, options)
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

async function signDomains(domains: readonly StainDomain[], seed: number): Promise<Signature | null> {
  const found: (Signature | null)[] = []
  for (const { name, count, read } of domains) {
    const rows = openRandom(seed, 'signature', name).permutation(count).subarray(0, signedAtMost).sort()
    for (let start = 0; start < rows.length; start += batchRows) {
      found.push(...signPatches(await read(rows.subarray(start, start + batchRows))))
    }
  }
  return meanSignature(found)
}
