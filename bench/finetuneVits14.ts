// Fine-tuning the last two blocks of a ViT-S/14 at 98 pixels, batch 32, AdamW, against PyTorch, in turns: the whole
// step from images, and the step on the trunk's tokens as a study takes it, where they were computed once. The peer
// has no such cache: both are compared with its whole step. Weights are random, at full size.

import { f32, type NdArray, openRandom, sizeOf } from '../src/base/index.ts'
import type { ProviderName } from '../src/engine/index.ts'
import { constant, flatten, input, type Value } from '../src/graph/index.ts'
import { foldLayerScale, vit, vitTail } from '../src/models/index.ts'
import { adamW, bceWithLogits } from '../src/nn/index.ts'
import { initParams, openState, openStep, type StepOptions } from '../src/train/index.ts'
import { catalog } from '../src/weights/index.ts'
import type { BenchCase } from './benchCase.ts'
import { measureCeiling } from './gemm.ts'
import { chooseRuns, compareLines, joinTimes, repeatTimed, type Timed, timeTorch } from './measure.ts'

const { architecture } = catalog['dinov2-small']
if (architecture.family !== 'vit') throw new TypeError('dinov2-small is a ViT')
const { width, depth, patchSize, mlp } = architecture
const [batch, side, blocks] = [32, 98, 2]
const tokens = (side / patchSize) ** 2 + 1

/** `finetune-vits14-98`: patches a second of whole steps, and of steps on cached tokens, with 1 and 2 threads each. */
export const finetuneVits14: BenchCase = {
  name: 'finetune-vits14-98',
  takesDevice: true,
  about: 'patches/s of fine-tuning two blocks of a ViT-S/14, whole and on cached tokens, against PyTorch',
  async *run({ repeats, quick, device }) {
    const { provider, threads: counts, hasPeer } = chooseRuns(device)
    const whole: Timed[] = []
    const cached: Timed[] = []
    const ceilings: Timed[] = []
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of counts) {
        const own = await timeEosin(provider, threads, quick ? 1 : 4)
        whole.push({ peer: 'eosin', threads, seconds: own.whole })
        cached.push({ peer: 'eosin', threads, seconds: own.cached })
        const ceiling = await measureCeiling(threads)
        ceilings.push({ peer: 'matrix products at gemm', threads, seconds: [(batch * wholeWork) / ceiling] })
        const peer = hasPeer && timeTorch('finetune-vits14-98', threads, ['--repeats', quick ? '1' : '3'])
        if (peer) whole.push(peer)
      }
    }
    const peers = whole.filter(({ peer }) => peer !== 'eosin')
    yield* compareLines(joinTimes('finetune-vits14-98', 'patches', batch, [...whole, ...ceilings]))
    yield* compareLines(joinTimes('finetune-vits14-98-cached', 'patches', batch, [...cached, ...peers]))
  },
}

// GFLOP of matrix products a patch, as the usual algorithm does them: forwards through every block; backwards through
// the trained ones twice as much, for weights and for inputs.
const blockWork = (2 * tokens * width * (4 * width + 2 * mlp.hidden) + 4 * tokens ** 2 * width) / 1e9
const wholeWork = blockWork * (depth + 2 * blocks)

async function timeEosin(
  provider: ProviderName,
  threads: number,
  repeats: number,
): Promise<{ whole: number[]; cached: number[] }> {
  const random = openRandom(0, 'bench images')
  const draw = (shape: number[]) =>
    f32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1),
    )
  const images = input('x', [batch, 3, side, side])
  return {
    cached: await timeStep(
      input('x', [batch, tokens * width]),
      (x) => x,
      draw,
      { provider, threads },
      repeats,
    ),
    whole: await timeStep(images, writeTrunk, draw, { provider, threads }, repeats),
  }
}

// Steps on x, whose tokens `toTokens` gives; the weights before the trained blocks are constants of the graph.
async function timeStep(
  x: Value,
  toTokens: (x: Value) => Value,
  draw: (shape: number[]) => NdArray<'f32'>,
  session: StepOptions,
  repeats: number,
): Promise<number[]> {
  const model = vitTail({ architecture: architecture as never, blocks, tokens, hidden: [], dropout: 0 })
  const state = openState(model.params, initParams(model.params, 0))
  const y = input('y', [batch, 1])
  const step = await openStep(
    {
      params: model.params,
      optimizer: adamW({ learningRate: 1e-4 }),
      build: (params, pass) => ({ loss: bceWithLogits(model.apply(params, toTokens(x), pass), y) }),
    },
    state,
    session,
  )
  const labels = Array.from({ length: batch }, (_, i) => i % 2)
  const feeds = { x: draw(x.shape as number[]), y: f32([batch, 1], labels) }
  let at = 0
  try {
    return await repeatTimed(repeats, () =>
      step.run(state, feeds, { epoch: 1, step: ++at, learningRate: 1e-4, seed: 0 }),
    )
  } finally {
    await step.close()
  }
}

// The frozen blocks, layer scale in their weights as the extractor has it.
function writeTrunk(images: Value): Value {
  const drawn = initParams(vit(architecture as never).params, 0)
  const { architecture: folded, params } = foldLayerScale(architecture as never, drawn)
  const values = Object.entries(params).map(([name, array]) => [name, constant(array)] as const)
  return flatten(vit(folded).write(Object.fromEntries(values), images).blocks[depth - blocks - 1])
}
