// Fine-tuning the last two blocks of a ViT-S/14 at 98 pixels, batch 32, AdamW, against PyTorch, in turns: the whole
// step from images, and the step on the trunk's tokens as a study takes it, where they were computed once. The peer
// has no such cache: both are compared with its whole step. Weights are random, at full size.

import { f32, type NdArray, openRandom } from '../src/base/index.ts'
import { openSession } from '../src/engine/index.ts'
import { constant, emitModel, input } from '../src/graph/index.ts'
import { vit, vitTail } from '../src/models/index.ts'
import { adamW, bceWithLogits } from '../src/nn/index.ts'
import { initParams, openState, openStep } from '../src/train/index.ts'
import { catalog } from '../src/weights/index.ts'
import type { BenchCase } from './benchCase.ts'
import { measureCeiling } from './gemm.ts'
import { compareLines, joinTimes, repeatTimed, type Timed, timeTorch } from './measure.ts'

const { architecture } = catalog['dinov2-small']
if (architecture.family !== 'vit') throw new TypeError('dinov2-small is a ViT')
const { width, depth, patchSize, mlp } = architecture
const [batch, side, blocks] = [32, 98, 2]
const tokens = (side / patchSize) ** 2 + 1
const cut = { batch: 8, trunk: depth - blocks } // a run of the trunk: about 512 tokens

/** `finetune-vits14-98`: patches a second of whole steps, and of steps on cached tokens, with 1 and 2 threads each. */
export const finetuneVits14: BenchCase = {
  name: 'finetune-vits14-98',
  about: 'patches/s of fine-tuning two blocks of a ViT-S/14, whole and on cached tokens, against PyTorch',
  async *run({ repeats, quick }) {
    const whole: Timed[] = []
    const cached: Timed[] = []
    const ceilings: Timed[] = []
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of [1, 2]) {
        const own = await timeEosin(threads, quick ? 1 : 4)
        whole.push({ peer: 'eosin', threads, seconds: own.whole })
        cached.push({ peer: 'eosin', threads, seconds: own.cached })
        const ceiling = await measureCeiling(threads)
        ceilings.push({ peer: 'matrix products at gemm', threads, seconds: [(batch * wholeWork) / ceiling] })
        const peer = timeTorch('finetune-vits14-98', threads, ['--repeats', quick ? '1' : '3'])
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

async function timeEosin(threads: number, repeats: number): Promise<{ whole: number[]; cached: number[] }> {
  const session = { provider: 'cpu', threads } as const
  const trunk = await openTrunk(session)
  const model = vitTail({ architecture: architecture as never, blocks, tokens, hidden: [], dropout: 0 })
  const state = openState(model.params, initParams(model.params, 0))
  const [x, y] = [input('x', [batch, tokens * width]), input('y', [batch, 1])]
  const step = await openStep(
    {
      params: model.params,
      optimizer: adamW({ learningRate: 1e-4 }),
      build: (params, pass) => ({ loss: bceWithLogits(model.apply(params, x, pass), y) }),
    },
    state,
    session,
  )
  const labels = f32(
    [batch, 1],
    Array.from({ length: batch }, (_, i) => i % 2),
  )
  let at = 0
  const tune = (rows: NdArray<'f32'>) =>
    step.run(state, { x: rows, y: labels }, { epoch: 1, step: ++at, learningRate: 1e-4, seed: 0 })
  try {
    const rows = await trunk.run()
    return {
      cached: await repeatTimed(repeats, () => tune(rows)),
      whole: await repeatTimed(repeats, async () => tune(await trunk.run())),
    }
  } finally {
    await step.close()
    await trunk.close()
  }
}

// The frozen blocks on a batch of images, in runs as the extractor makes them.
async function openTrunk(session: { provider: 'cpu'; threads: number }) {
  const model = vit(architecture as never)
  const values = Object.entries(initParams(model.params, 0)).map(
    ([name, array]) => [name, constant(array)] as const,
  )
  const images = input('images', [cut.batch, 3, side, side])
  const written = model.write(Object.fromEntries(values), images)
  const open = await openSession(emitModel({ tokens: written.blocks[cut.trunk - 1] }), session)
  const random = openRandom(0, 'bench images')
  const data = f32(
    [cut.batch, 3, side, side],
    Float32Array.from({ length: cut.batch * 3 * side ** 2 }, () => 2 * random.uniform() - 1),
  )
  const rows = f32([batch, tokens * width])
  const part = cut.batch * tokens * width
  return {
    async run(): Promise<NdArray<'f32'>> {
      for (let start = 0; start < batch; start += cut.batch) {
        const { tokens: found } = await open.run({ images: data })
        rows.data.set(found.data as Float32Array, (start / cut.batch) * part)
      }
      return rows
    },
    close: () => open.close(),
  }
}
