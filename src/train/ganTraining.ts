// Training a cycle-consistent GAN: for each pair of batches a step of both generators, then one of both
// discriminators, which are shown images from a pool. All randomness is opened by seed and step, and the pools are
// part of the state, so that a resumed training gives the same bytes.

import { f32, type NdArray, openRandom, WeightsError } from '../base/index.ts'
import { type Arrays, chooseProvider } from '../engine/index.ts'
import { adam, averaged, type Optimizer } from '../nn/index.ts'
import type { CycleGan } from './cycleGan.ts'
import type { Figures } from './epoch.ts'
import { openImagePool } from './imagePool.ts'
import type { StepPlace } from './loop.ts'
import { copyArrays, fetchArrays, initParams, openState, releaseArrays, restoreArrays } from './state.ts'
import { openStep, type StepOptions } from './step.ts'

/** How a GAN is trained. */
export interface GanTrainingOptions {
  readonly gan: CycleGan
  /** The shape of both batches, [N,3,H,W]. */
  readonly shape: readonly number[]
  /** First values; drawn from the seed where not given. */
  readonly params?: Readonly<Record<string, NdArray>>
  /** Decides first values, jitter and what the pools do. */
  readonly seed: number
  /** Adam with learning rate 2e-4 and betas .5 and .999. */
  readonly optimizer?: Optimizer
  /** The discriminators' own optimizer, whose learning rate keeps its ratio to the generators'; the same one. */
  readonly discriminatorOptimizer?: Optimizer
  /** The decay of a running average of the generators' weights, which then stands for them in `weights`; none. */
  readonly average?: number
  /** Images a pool keeps; 50. 0: discriminators see the newest images only. */
  readonly poolSize?: number
  /** Discriminators are not updated where either's loss is this or less, so that generators can catch up; never. */
  readonly skipBelow?: number
  readonly session?: StepOptions
}

/** A training in progress. */
export interface GanTraining {
  /** Hash of everything but the images that decides what steps compute. */
  readonly key: string
  readonly learningRate: number
  /**
   * Both steps on a batch of A and one of B, values in [-1, 1]. Throws EngineError where they have another shape.
   */
  step(images: { readonly A: NdArray; readonly B: NdArray }, place: StepPlace): Promise<GanStep>
  /** Copies what lies on a device, so that `weights` and `state` give the present values; to be awaited before them. */
  fetch(): Promise<void>
  /** Copies of the parameters, of generators their averages where there are some: `G_A.<name>`, ..., `D_B.<name>`. */
  weights(): Record<string, NdArray<'f32'>>
  /** Copies of all that changes: parameters, optimizer slots, pools. */
  state(): Record<string, NdArray<'f32'>>
  /** Takes back what `state` gave. Throws WeightsError where it is another training's. */
  restore(state: Arrays): void
  close(): Promise<void>
}

/** What a step gives. */
export interface GanStep {
  /** `G` and `D`, and their parts `G_A`, `cycle_A`, `idt_A`, `D_A` and so on. */
  readonly losses: Figures
  /** All that the networks' objectives report, the images `images/fake_A`, ... among it; valid until the next step. */
  readonly reports: Arrays
}

/** CycleGAN's optimizer. */
export function ganAdam(learningRate = 2e-4): Optimizer {
  return adam({ learningRate, beta1: 0.5, beta2: 0.999 })
}

/** Compiles both steps and opens the pools. */
export async function openGanTraining(options: GanTrainingOptions): Promise<GanTraining> {
  const { gan, shape, seed, optimizer = ganAdam(), poolSize = 50, session } = options
  const { discriminatorOptimizer = optimizer, skipBelow = Number.NEGATIVE_INFINITY, average } = options
  const generatorOptimizer = average === undefined ? optimizer : averaged(optimizer, average)
  const { params, view } = gan
  const provider = chooseProvider(session?.provider)
  const resident = provider === 'webgpu'
  const rateRatio = discriminatorOptimizer.learningRate / optimizer.learningRate
  const state = openState(params, options.params ?? initParams(params, seed))
  const isWorthIt = (judged: Arrays) =>
    Math.min(Number(judged.D_A.data[0]), Number(judged.D_B.data[0])) > skipBelow
  const open = (part: 'G' | 'D') =>
    openStep(
      {
        params,
        optimizer: part === 'G' ? generatorOptimizer : discriminatorOptimizer,
        trains: (name) => name.startsWith(`${part}_`),
        accepts: part === 'D' ? isWorthIt : undefined,
        build: (values, pass) =>
          part === 'G'
            ? gan.writeGenerators(values, pass, shape)
            : gan.writeDiscriminators(values, pass, shape),
      },
      state,
      { resident, quicken: provider === 'cpu', memoryPattern: false, ...session },
    )
  const [generators, discriminators] = [await open('G'), await open('D')]
  const updates = f32([]) // of the discriminators: Adam counts those that were made
  const pools = { A: openImagePool(poolSize, shape.slice(1)), B: openImagePool(poolSize, shape.slice(1)) }
  // What changes beside the state of the steps.
  const kept = {
    'discriminators/updates': updates,
    'pool/A': pools.A.state.images,
    'pool/A.count': pools.A.state.count,
    'pool/B': pools.B.state.images,
    'pool/B.count': pools.B.state.count,
  }
  const draws = (step: number) =>
    Object.fromEntries(
      (view.drawShape.length > 0 ? [0, 1, 2, 3] : []).map((time) => [
        `draw.${time}`,
        view.draw(openRandom(seed, 'jitter', time, step)),
      ]),
    )
  const exchange = (domain: 'A' | 'B', images: NdArray, step: number) =>
    pools[domain].exchange(images as NdArray<'f32'>, openRandom(seed, 'pool', domain, step))
  const shares = (domain: 'A' | 'B', step: number) => {
    const random = openRandom(seed, 'shares', domain, step)
    return f32([shape[0], 1, 1, 1], Float32Array.from({ length: shape[0] }, random.uniform))
  }

  return {
    key: [generators.key, discriminators.key, rateRatio, poolSize, skipBelow, seed].join('/'),
    learningRate: optimizer.learningRate,
    async step({ A, B }, place) {
      const reals = { real_A: A, real_B: B }
      const made = await generators.run(state, { ...reals, ...draws(place.step) }, { ...place, seed })
      const shown = {
        ...reals,
        fake_A: exchange('A', made['images/fake_A'], place.step),
        fake_B: exchange('B', made['images/fake_B'], place.step),
        shares_A: shares('A', place.step),
        shares_B: shares('B', place.step),
      }
      const rate = place.learningRate * rateRatio
      const next = { ...place, step: updates.data[0] + 1, learningRate: rate, seed }
      const judged = await discriminators.run(state, shown, next)
      if (isWorthIt(judged)) updates.data[0]++
      const { loss: G, ...parts } = made
      const { loss: D, ...judgements } = judged
      const reports = { G, ...parts, D, ...judgements }
      const losses = Object.entries(reports).filter(([, { shape }]) => shape.length === 0)
      return {
        losses: Object.fromEntries(losses.map(([name, { data }]) => [name, data[0] as number])),
        reports,
      }
    },
    fetch: () => fetchArrays(state, { ...session, provider }),
    weights: () => ({ ...copyArrays(state, 'param/'), ...copyArrays(state, 'average/') }),
    state: () => ({ ...copyArrays(state), ...copyKept(kept) }),
    restore(arrays) {
      restoreKept(kept, arrays)
      const own = Object.entries(arrays).filter(([key]) => !Object.hasOwn(kept, key))
      restoreArrays(state, Object.fromEntries(own))
    },
    async close() {
      releaseArrays(state)
      await generators.close()
      await discriminators.close()
    },
  }
}

type Kept = Readonly<Record<string, NdArray<'f32'>>>

function copyKept(kept: Kept): Record<string, NdArray<'f32'>> {
  return Object.fromEntries(
    Object.entries(kept).map(([key, { shape, data }]) => [key, f32(shape, data.slice())]),
  )
}

function restoreKept(kept: Kept, arrays: Arrays): void {
  for (const [key, { shape, data }] of Object.entries(kept)) {
    const given = arrays[key]
    if (given?.dtype !== 'f32' || `${given.shape}` !== `${shape}`) {
      const got = given ? `[${given.shape}]` : 'nothing'
      throw new WeightsError({ where: key, expected: `f32 [${shape}]`, got })
    }
    data.set(given.data as Float32Array)
  }
}
