// npx tsx bench/deviceCheck.ts cuda|webgpu: whether a device computes what the processor does, on small networks: an embedding, a
// generator, and steps of a head, a fine-tuned ViT and a GAN. A line each; exit code 1 where one differs too much.

import { f32, type NdArray, openRandom, pixels, sizeOf } from '../src/base/index.ts'
import { openExtractor } from '../src/embed/index.ts'
import { type ProviderName, providers } from '../src/engine/index.ts'
import { input } from '../src/graph/index.ts'
import { mlp, patchGan, resnetGenerator, vitTail } from '../src/models/index.ts'
import { adamW, bceWithLogits, type Model } from '../src/nn/index.ts'
import {
  cycleGan,
  initParams,
  openGanTraining,
  openState,
  openStep,
  openTranslator,
  pickPart,
} from '../src/train/index.ts'
import { catalog } from '../src/weights/index.ts'

/** What may differ, over the largest value: both sum float32 in other orders, and steps add that up. */
const tolerance = 1e-3
const side = 32
const gan = cycleGan({
  generator: resnetGenerator({ width: 8, blocks: 1 }),
  discriminator: patchGan({ width: 8 }),
})

type Work = (provider: ProviderName) => Promise<ArrayLike<number>>

const works: Readonly<Record<string, Work>> = {
  async embedding(provider) {
    const spec = { name: 'vit:recipes/models/small-vit.json', weights: 'random' }
    const extractor = await openExtractor(spec, { device: provider, threads: 1 })
    const random = openRandom(0, 'device check')
    const bytes = Uint8Array.from({ length: 4 * 96 * 96 * 3 }, () => random.integer(256))
    try {
      return (await extractor.embed(pixels(bytes, 4, 96, 96))).slice()
    } finally {
      await extractor.close()
    }
  },
  async generator(provider) {
    const network = pickPart(initParams(gan.params, 0), 'G_A')
    const translator = await openTranslator(gan, network, [side, side], { provider, threads: 1 })
    const { data } = await translator.translate(draw([2, 3, side, side]))
    await translator.close()
    return data
  },
  'head steps': (provider) => train(provider, mlp({ inputs: 16, hidden: [32, 16] }), [32, 16]),
  'fine-tuning steps'(provider) {
    const { architecture } = catalog['dinov2-small']
    const small = { ...architecture, width: 32, depth: 2, heads: 2, mlp: { kind: 'gelu', hidden: 64 } }
    const tail = vitTail({ architecture: small as never, blocks: 1, tokens: 5, hidden: [], dropout: 0 })
    return train(provider, tail, [8, 5 * 32])
  },
  async 'GAN steps'(provider) {
    const shape = [1, 3, side, side]
    const training = await openGanTraining({ gan, shape, seed: 0, session: { provider, threads: 1 } })
    const images = { A: draw(shape), B: draw(shape, 'B') }
    const losses: number[] = []
    for (let step = 1; step <= 3; step++) {
      const { G, D } = (await training.step(images, { epoch: 1, step, learningRate: 2e-4 })).losses
      losses.push(G, D)
    }
    await training.close()
    return losses
  },
}

// The losses of five steps on one batch.
async function train(provider: ProviderName, model: Model, shape: readonly number[]): Promise<number[]> {
  const state = openState(model.params, initParams(model.params, 0))
  const [x, y] = [input('x', shape), input('y', [shape[0], 1])]
  const step = await openStep(
    {
      params: model.params,
      optimizer: adamW(),
      build: (params, pass) => ({ loss: bceWithLogits(model.apply(params, x, pass), y) }),
    },
    state,
    { provider, threads: 1 },
  )
  const labels = f32(
    [shape[0], 1],
    Float32Array.from({ length: shape[0] }, (_, row) => row % 2),
  )
  const losses: number[] = []
  for (let at = 1; at <= 5; at++) {
    const place = { epoch: 1, step: at, learningRate: 1e-3, seed: 0 }
    losses.push((await step.run(state, { x: draw(shape), y: labels }, place)).loss.data[0] as number)
  }
  await step.close()
  return losses
}

function draw(shape: readonly number[], name = 'A'): NdArray<'f32'> {
  const random = openRandom(0, 'device check', name)
  return f32(
    [...shape],
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1),
  )
}

const device = process.argv[2] as ProviderName
if (!(device in providers)) {
  console.error(`deviceCheck: expected one of ${Object.keys(providers).join(', ')}, got '${device}'`)
  process.exit(2)
}
for (const [name, work] of Object.entries(works)) {
  const [expected, got] = [await work('cpu'), await work(device)]
  const scale = Math.max(...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - got[i]) / scale))
  const isRight = got.length === expected.length && worst <= tolerance
  if (!isRight) process.exitCode = 1
  console.log(
    `${isRight ? 'ok   ' : 'WRONG'} ${name.padEnd(18)} differs by ${worst.toExponential(1)} of the largest value`,
  )
}
