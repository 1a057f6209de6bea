// Trains one pair of generators between sources and a target, watched and scored without labels, and gives the
// generator that makes the target's colours.

import {
  DataError,
  joinPixels,
  openRandom,
  type Pixels,
  pixelsAt,
  silent,
  slicePixels,
} from '../../base/index.ts'
import { hashBytes } from '../../files/index.ts'
import { imageTransforms, toTensor } from '../../patches/index.ts'
import {
  type CycleGan,
  type EpochResult,
  ganAdam,
  type ImageSource,
  type LoopResult,
  linearDecayRate,
  makeGanTask,
  openGanTraining,
  pickPart,
  runLoop,
} from '../../train/index.ts'
import type { Networks, StainDomain, TrainingPlace } from '../stainMethod.ts'
import { buildGan } from './buildGan.ts'
import { type GanOptions, sideUnit, tileSide, trainingSide } from './ganOptions.ts'
import { fixMoments } from './moments.ts'
import { openRestainer } from './restainer.ts'
import { type Judge, openJudge } from './scores.ts'
import { writeCurves, writeGrid } from './watch.ts'

/** A finished training. */
export interface TrainedGan {
  readonly network: Networks[string]
  readonly bestEpoch: number
  readonly history: readonly EpochResult[]
  readonly ending: LoopResult['ending']
}

/**
 * Trains from the patches of `sources`, pooled, to those of `target`. Throws DataError for an empty domain and for losses that are not finite from the
 * first epoch on; later, training ends with the best epoch before.
 */
export async function trainGan(
  sources: readonly StainDomain[],
  target: StainDomain,
  options: GanOptions,
  place: TrainingPlace,
): Promise<TrainedGan> {
  checkDomains([...sources, target])
  const side = trainingSide(options, target.height, target.width)
  const { batch, seed, gan } = { ...options, seed: place.seed, gan: buildGan(options) }
  const shape = [batch, 3, side, side]
  const session = { provider: place.provider, threads: place.threads }
  const optimizer = ganAdam(options.learningRate)
  const { pool: poolSize, skipBelow, average } = options
  const training = await openGanTraining({
    gan,
    shape,
    seed,
    optimizer,
    poolSize,
    skipBelow: skipBelow ?? undefined,
    average: average ?? undefined,
    session,
  })
  const domains = [...sources, target].map(({ name, count }) => [name, count])
  const key = hashBytes(JSON.stringify([training.key, options, domains, place.key ?? null]))
  const checkpoint = { path: `${place.checkpoints}/checkpoint.safetensors`, key, keep: true }
  try {
    const watch = await openWatch({ gan, sources, target, options, side, place })
    const task = makeGanTask({
      training,
      A: joinDomains(sources),
      B: openSource(target),
      shape,
      mirror: options.mirror,
      pairing: options.pairing,
      seed,
      score: ({ epoch }) => watch.score(pickPart(training.weights(), 'G_A') as Networks[string], epoch),
    })
    const rows = Math.min(task.rows, options.images ?? task.rows)
    const result = await runLoop(
      { ...task, rows },
      {
        epochs: options.epochs + options.decay,
        batchSize: batch,
        learningRate: options.learningRate,
        schedule: linearDecayRate(options.epochs, options.decay, options.rateFalls),
        earlyStopping: options.patience === null ? undefined : { patience: options.patience },
        keep: options.keep,
        seed,
        checkpoint,
        divergence: 'stop',
        progress: place.progress,
        onEpoch: (history) => writeCurves(place.folder, history),
      },
    )
    const { ending, bestEpoch } = result
    if (typeof ending === 'object') {
      const note = `diverged, the weights of epoch ${bestEpoch} are kept (${ending.diverged})`
      place.progress?.(result.history.length, undefined, note)
    }
    return { ...result, network: await watch.complete(pickPart(result.weights, 'G_A') as Networks[string]) }
  } finally {
    await training.close()
  }
}

function checkDomains(domains: readonly StainDomain[]): void {
  const [{ height, width }] = domains
  for (const domain of domains) {
    if (domain.count === 0) {
      const hint = 'check the centers'
      throw new DataError({ where: domain.name, expected: 'at least one patch', got: 'none', hint })
    }
    if (domain.height !== height || domain.width !== width) {
      const got = `${domain.height}x${domain.width}`
      throw new DataError({ where: domain.name, expected: `patches of ${height}x${width}`, got })
    }
  }
}

function openSource({ name, count, read }: StainDomain): ImageSource {
  const { mean, std } = imageTransforms.gan
  return {
    name,
    count,
    async read(row) {
      const { shape, data, dtype } = toTensor(await read([row]), mean, std)
      return { dtype, data, shape: shape.slice(1) }
    },
  }
}

function joinDomains(domains: readonly StainDomain[]): ImageSource {
  const sources = domains.map(openSource)
  return {
    name: domains.map(({ name }) => name).join(', '),
    count: sources.reduce((sum, { count }) => sum + count, 0),
    read(row) {
      let rest = row
      for (const source of sources) {
        if (rest < source.count) return source.read(rest)
        rest -= source.count
      }
      throw new RangeError(`row ${row}`)
    },
  }
}

interface WatchOptions {
  readonly gan: CycleGan
  readonly sources: readonly StainDomain[]
  readonly target: StainDomain
  readonly options: GanOptions
  readonly side: number
  readonly place: TrainingPlace
}

// Fixed patches of both domains, chosen by the seed: each epoch's generator is scored and shown on them.
async function openWatch({ gan, sources, target, options, side, place }: WatchOptions) {
  const before = await sampleSources(sources, options, place.seed)
  const wanted = await samplePatches(target, options.scored, place.seed)
  const judge: Judge = await openJudge(before, wanted, place.embed)
  const { provider, threads, progress = silent } = place
  const shown = (batch: Pixels) => slicePixels(batch, 0, options.previews)
  const unit = sideUnit(options)
  const tile = tileSide(options, side)
  const complete = (network: Networks[string]) =>
    completeNetwork(gan, network, before, options, side, { provider, threads })
  return {
    /** The network with all that it needs in use. */
    complete,
    async score(trained: Networks[string], epoch: number) {
      const network = await complete(trained)
      const restainer = openRestainer({ gan, network, unit, tile, place: { provider, threads } })
      const after = await restainer.restain(before)
      await restainer.close()
      const name = `${place.folder}/previews/epoch-${String(epoch).padStart(4, '0')}.png`
      if (options.previews > 0) await writeGrid(name, [shown(before), shown(after), shown(wanted)])
      const { loss, ...figures } = await judge.score(after)
      if (figures.inverted > 0.5)
        progress(epoch, undefined, `epoch ${epoch}: nuclei turned light, the colours are inverted`)
      return { loss, ...figures }
    },
  }
}

/** A network with the moments that its options ask for, measured on patches of its sources. */
export async function completeNetwork(
  gan: CycleGan,
  network: Networks[string],
  sample: Pixels,
  options: GanOptions,
  side: number,
  place: Pick<TrainingPlace, 'provider' | 'threads'>,
): Promise<Networks[string]> {
  if (options.moments === 'patch') return network
  const unit = sideUnit(options)
  const whole = Math.floor(Math.min(sample.height, sample.width, tileSide(options, side)) / unit) * unit
  return fixMoments(gan, network, sample, whole, place)
}

/** Fixed patches of all sources, and of each as many, chosen by the seed. */
export async function sampleSources(
  sources: readonly StainDomain[],
  { scored }: GanOptions,
  seed: number,
): Promise<Pixels> {
  const share = Math.max(2, Math.ceil(scored / sources.length))
  return interleave(await Promise.all(sources.map((domain) => samplePatches(domain, share, seed))))
}

async function samplePatches(domain: StainDomain, count: number, seed: number): Promise<Pixels> {
  const order = openRandom(seed, 'scored', domain.name).permutation(domain.count)
  return domain.read(order.subarray(0, count).sort())
}

// The first of each batch, then the second of each, so that the first few show all sources.
function interleave(batches: readonly Pixels[]): Pixels {
  const most = Math.max(...batches.map(({ count }) => count))
  const patches = Array.from({ length: most }, (_, i) =>
    batches.filter(({ count }) => i < count).map((batch) => pixelsAt(batch, i)),
  ).flat()
  return joinPixels(patches)
}
