import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkGan } from '../../conformance/gan.ts'
import { runGraph } from '../../conformance/runGraph.ts'
import { f32, type NdArray, openRandom } from '../../src/base/index.ts'
import { input } from '../../src/graph/index.ts'
import { patchGan, resnetGenerator, unetGenerator } from '../../src/models/index.ts'
import { type GanLossName, sgd } from '../../src/nn/index.ts'
import {
  type CycleGan,
  cycleGan,
  type GanTraining,
  type GeneratorView,
  ganAdam,
  grayView,
  type ImageSource,
  initParams,
  linearDecayRate,
  makeGanTask,
  openGanTraining,
  openImagePool,
  openTranslator,
  pickPart,
  runLoop,
} from '../../src/train/index.ts'

const golden = '../shared/golden'
const shape = [1, 3, 16, 16]

function buildSmall(view?: GeneratorView, gan?: GanLossName): CycleGan {
  return cycleGan({
    generator: unetGenerator({ width: 4, downs: 2 }),
    discriminator: patchGan({ width: 2, layers: 1, spectral: true }),
    view,
    gan,
  })
}

function openSmall(gan: CycleGan, poolSize = 2, provider: 'cpu' | 'webgpu' = 'cpu') {
  const optimizer = ganAdam(1e-3)
  return openGanTraining({
    gan,
    shape,
    seed: 3,
    optimizer,
    average: 0.9,
    poolSize,
    session: { provider, threads: 1 },
  })
}

// Images of one colour with noise: red in A, blue in B.
function drawSource(name: string, count: number, channel: number, side = 20): ImageSource {
  const random = openRandom(1, name)
  const images = Array.from({ length: count }, () =>
    f32(
      [3, side, side],
      Float32Array.from({ length: 3 * side * side }, (_, i) => {
        const level = Math.floor(i / side ** 2) === channel ? 0.6 : -0.6
        return level + 0.3 * (random.uniform() - 0.5)
      }),
    ),
  )
  return { name, count, read: (row) => images[row] }
}

describe('an image pool', () => {
  const row = (...values: number[]) => f32([values.length, 1], values)

  it('stores and shows images while there is room, then exchanges half of them', () => {
    const pool = openImagePool(2, [1])
    const draws = [0.9, 0.2, 0.7]
    const random = { uniform: () => draws.shift()!, integer: () => 1 }
    expect([...pool.exchange(row(1, 2), random).data]).toEqual([1, 2])
    expect([...pool.exchange(row(3, 4, 5), random).data]).toEqual([2, 4, 3])
    expect([...pool.state.images.data]).toEqual([1, 5])
  })

  it('without room shows the newest images', () => {
    const images = row(1, 2)
    expect(openImagePool(0, [1]).exchange(images, openRandom(0))).toBe(images)
  })
})

describe('the view of MultiStain', () => {
  const dark = f32([1, 3, 1, 2], [-0.5, 0.5, -0.5, 0.5, -0.5, 0.5])
  const strengths = { brightness: 0.5, contrast: 0, saturation: 0, hue: 0 }

  async function look(mode: 'paper' | 'reference'): Promise<number[]> {
    const view = grayView(mode, strengths)
    const [x, draw] = [input('x', dark.shape), input('draw', view.drawShape as number[])]
    const feeds = { x: dark, draw: f32([1, 5], [0.5, 1, 0, 0, 0]) }
    const { shown } = await runGraph({ shown: view.show(x, draw) }, [x, draw], feeds)
    return [...(shown.data as Float32Array)].slice(0, 2)
  }

  it('jitters in [0, 1] in the paper, and loses all below 0 in the reference', async () => {
    const near = (values: number[]) => values.map((value) => expect.closeTo(value, 3))
    expect(await look('paper')).toEqual(near([-0.75, -0.25]))
    expect(await look('reference')).toEqual(near([0, 0.25]))
  })

  it('shows gray in use in the paper, and colours in the reference', () => {
    const x = input('x', [1, 3, 4, 4])
    expect(grayView('reference').showInUse(x)).toBe(x)
    expect(grayView('paper').showInUse(x)).not.toBe(x)
  })
})

describe('GAN training', () => {
  it('learns to swap two colours, by losses that all go on', async () => {
    const training = await openSmall(buildSmall())
    const [A, B] = [drawSource('A', 3, 0), drawSource('B', 2, 2)]
    const task = makeGanTask({ training, A, B, shape, seed: 0 })
    const { history } = await runLoop(task, { epochs: 12, batchSize: 1, learningRate: 1e-3, seed: 0 })
    await training.close()
    const [first, last] = [history[0].training, history[history.length - 1].training]
    expect(Object.keys(first).sort()).toEqual(
      ['D', 'D_A', 'D_B', 'G', 'G_A', 'G_B', 'cycle_A', 'cycle_B', 'idt_A', 'idt_B'].sort(),
    )
    expect(last.cycle_A + last.cycle_B).toBeLessThan(0.8 * (first.cycle_A + first.cycle_B))
    expect(history).toHaveLength(12)
  })

  it('stopped and resumed gives the bytes of an uninterrupted one, pools and jitter included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eosin-gan-'))
    const gan = buildSmall(grayView('paper'))
    const [A, B] = [drawSource('A', 3, 0), drawSource('B', 2, 2)]
    const loop = { batchSize: 1, learningRate: 1e-3, seed: 5, schedule: linearDecayRate(1, 2), epochs: 3 }
    const train = async (checkpoint: string, stopAfter = Number.POSITIVE_INFINITY) => {
      const training = await openSmall(gan)
      const task = makeGanTask({ training, A, B, shape, seed: 5 })
      const step: typeof task.step = (rows, place) => {
        if (place.step > stopAfter) throw new Error('stopped')
        return task.step(rows, place)
      }
      const place = { path: join(folder, checkpoint), key: training.key }
      try {
        return await runLoop({ ...task, step }, { ...loop, checkpoint: place })
      } finally {
        await training.close()
      }
    }
    const whole = await train('whole')
    await expect(train('cut', 5)).rejects.toThrow('stopped')
    const resumed = await train('cut')
    rmSync(folder, { recursive: true })
    expect(resumed.history).toEqual(whole.history)
    const bytes = (weights: Readonly<Record<string, NdArray>>) =>
      Object.entries(weights).map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('base64')])
    expect(bytes(resumed.weights)).toEqual(bytes(whole.weights))
  })

  // A software Vulkan driver is enough: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json
  it.runIf(process.env.VK_ICD_FILENAMES)('on WebGPU, its state kept there, goes as on CPU', async () => {
    const walk = async (provider: 'cpu' | 'webgpu') => {
      const training = await openSmall(buildSmall(grayView('paper')), 2, provider)
      const [A, B] = [drawSource('A', 1, 0, 16), drawSource('B', 1, 2, 16)]
      const images = { A: f32(shape, (await A.read(0)).data), B: f32(shape, (await B.read(0)).data) }
      const run = async (step: number) =>
        (await training.step(images, { epoch: 1, step, learningRate: 1e-3 })).losses
      const losses = [await run(1), await run(2)]
      await training.fetch()
      const state = training.state()
      const third = await run(3)
      training.restore(state)
      const again = await run(3) // from what was fetched
      await training.fetch()
      const weights = training.weights()
      await training.close()
      return { losses: [...losses, third], again, state, weights }
    }
    const [cpu, gpu] = [await walk('cpu'), await walk('webgpu')]
    gpu.losses.forEach((losses, i) => {
      for (const [name, value] of Object.entries(losses)) expect(value).toBeCloseTo(cpu.losses[i][name], 3)
    })
    for (const [name, value] of Object.entries(gpu.again)) expect(value).toBeCloseTo(gpu.losses[2][name], 5)
    const first = await openSmall(buildSmall(grayView('paper')))
    const untrained = first.weights()
    await first.close()
    for (const name of ['G_A.model.model.0.weight', 'D_B.model.0.weight_orig', 'D_A.model.0.weight_u']) {
      const [a, b] = [cpu.weights[name].data, gpu.weights[name].data]
      expect(Math.max(...a.map((value, i) => Math.abs(value - b[i])))).toBeLessThan(2e-4)
      expect(Math.max(...a.map((value, i) => Math.abs(value - untrained[name].data[i])))).toBeGreaterThan(
        1e-3,
      )
    }
  })

  it('takes the same steps with convolutions in Winograd form', async () => {
    const gan = cycleGan({
      generator: resnetGenerator({ width: 16, blocks: 2 }),
      discriminator: patchGan({ width: 4, layers: 1 }),
    })
    const sides = [1, 3, 32, 32]
    const [A, B] = [drawSource('A', 1, 0, 32), drawSource('B', 1, 2, 32)]
    const images = { A: f32(sides, (await A.read(0)).data), B: f32(sides, (await B.read(0)).data) }
    const step = async (quicken: boolean) => {
      const session = { provider: 'cpu', threads: 1, quicken } as const
      // by plain descent the change of a weight is its gradient
      const optimizer = sgd({ learningRate: 1 })
      const training = await openGanTraining({ gan, shape: sides, seed: 3, optimizer, session })
      const before = training.weights()
      const { losses } = await training.step(images, { epoch: 1, step: 1, learningRate: 1 })
      const after = training.weights()
      await training.close()
      return {
        losses,
        gradient: (name: string) => after[name].data.map((value, i) => before[name].data[i] - value),
      }
    }
    const [plain, quick] = [await step(false), await step(true)]
    expect(quick.losses).not.toEqual(plain.losses) // another order of sums
    for (const [name, loss] of Object.entries(plain.losses)) expect(quick.losses[name]).toBeCloseTo(loss, 4)
    for (const layer of [1, 10, 11]) {
      const name = `G_A.model.${layer}${layer < 10 ? '' : '.conv_block.1'}.weight`
      const [a, b] = [plain.gradient(name), quick.gradient(name)]
      const largest = Math.max(...a.map(Math.abs))
      expect(largest).toBeGreaterThan(1e-4)
      expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / largest).toBeLessThan(2e-3)
    }
  })

  it("penalises the discriminators' slope with wgangp", async () => {
    const training = await openSmall(buildSmall(undefined, 'wgangp'))
    const image = await drawSource('A', 1, 0, 16).read(0)
    const batch = f32(shape, image.data)
    const { losses } = await training.step({ A: batch, B: batch }, { epoch: 1, step: 1, learningRate: 1e-3 })
    await training.close()
    expect(losses.D).toBeGreaterThan(5) // twice the penalty of a flat discriminator is 20
    expect(Number.isFinite(losses.G)).toBe(true)
  })

  it('leaves discriminators as they are where their loss is low, but for their statistics', async () => {
    const options = {
      gan: buildSmall(),
      shape,
      seed: 3,
      skipBelow: 100,
      session: { provider: 'cpu', threads: 1 },
    } as const
    const training = await openGanTraining(options)
    const before = training.weights()
    const batch = f32(shape, (await drawSource('A', 1, 0, 16).read(0)).data)
    await training.step({ A: batch, B: batch }, { epoch: 1, step: 1, learningRate: 1e-3 })
    const after = training.weights()
    await training.close()
    const changed = Object.keys(after).filter((name) => `${after[name].data}` !== `${before[name].data}`)
    expect(changed).toContain('G_A.model.model.0.weight')
    expect(changed).toContain('D_A.model.0.weight_v')
    expect(changed.filter((name) => /^D_.*(orig|bias)$/.test(name))).toEqual([])
  })

  it('pairs images anew in every epoch, or always alike around the smaller domain', async () => {
    const pairsOf = async (pairing: 'random' | 'fixed') => {
      const pairs: string[] = []
      const value = ({ data }: NdArray) => Math.round(10 * Number(data[0]))
      const training = {
        async step({ A, B }: { A: NdArray; B: NdArray }) {
          pairs.push(`${value(A)} ${value(B)}`)
          return { losses: {} }
        },
      } as unknown as GanTraining
      const [A, B] = [6, 3].map((count, domain) => ({
        name: `${domain}`,
        count,
        read: (row: number) => f32([3, 2, 2], new Float32Array(12).fill(row / 10)),
      }))
      const task = makeGanTask({ training, A, B, shape: [1, 3, 2, 2], mirror: false, pairing, seed: 1 })
      for (let step = 1; step <= 12; step++) {
        await task.step(Uint32Array.of((step - 1) % 6), { epoch: 1, step, learningRate: 1 })
      }
      return pairs
    }
    const fixed = await pairsOf('fixed')
    expect(fixed.slice(6)).toEqual(fixed.slice(0, 6))
    expect(new Set(fixed).size).toBe(6)
    for (const partner of ['0', '1', '2']) {
      expect(fixed.slice(0, 6).filter((pair) => pair.endsWith(` ${partner}`))).toHaveLength(2)
    }
    const random = await pairsOf('random')
    expect(random.slice(6)).not.toEqual(random.slice(0, 6))
  })

  it('refuses an empty domain and images that are too small, by their names', async () => {
    const training = await openSmall(buildSmall())
    const empty = { name: 'target center_3', count: 0, read: () => f32([3, 16, 16]) }
    const [A, small] = [drawSource('A', 1, 0), drawSource('B', 1, 2, 8)]
    expect(() => makeGanTask({ training, A, B: empty, shape, seed: 0 })).toThrow(/target center_3.*got none/)
    const task = makeGanTask({ training, A, B: small, shape, seed: 0 })
    const step = task.step(Uint32Array.of(0), { epoch: 1, step: 1, learningRate: 1e-3 })
    await expect(step).rejects.toThrow(/3x16x16 or larger, got 3x8x8/)
    await training.close()
  })
})

describe('a translator', () => {
  const weightsOf = (gan: CycleGan) => pickPart(initParams(gan.params, 4), 'G_A')
  const image = async () => f32(shape, (await drawSource('A', 1, 0, 16).read(0)).data)

  it('shows its generator gray in the paper, so that images of one gray give one result', async () => {
    const gan = buildSmall(grayView('paper'))
    const translator = await openTranslator(gan, weightsOf(gan), [16, 16], { provider: 'cpu', threads: 1 })
    const colours = await image()
    const plane = colours.data.map((_, i) => {
      const [r, green, b] = [0, 1, 2].map((channel) => colours.data[channel * 256 + (i % 256)])
      return 0.2989 * r + 0.587 * green + 0.114 * b
    })
    const both = f32([2, 3, 16, 16], [...colours.data, ...plane.map((value) => value / 0.9999)])
    const { data, shape: sides } = await translator.translate(both)
    await translator.close()
    expect(sides).toEqual([2, 3, 16, 16])
    const largest = data
      .slice(0, 768)
      .reduce((max, value, i) => Math.max(max, Math.abs(value - data[768 + i])), 0)
    expect(largest).toBeLessThan(1e-4)
    expect(Math.max(...data.map(Math.abs))).toBeGreaterThan(1e-3)
  })

  it('refuses weights of another form, naming the first that does not fit', async () => {
    const gan = buildSmall()
    const { 'model.model.0.weight': _, ...rest } = weightsOf(gan)
    await expect(openTranslator(gan, rest, [16, 16])).rejects.toThrow(/model\.model\.0\.weight.*got nothing/)
    await expect(openTranslator(gan, weightsOf(gan), [18, 16])).rejects.toThrow(/multiples of 4/)
  })
})

describe.skipIf(!existsSync(golden))('training steps agree with the reference', () => {
  it.each(['cyclegan_step', 'multistain_step'])('%s', async (name) => {
    const results = await checkGan(`${golden}/${name}`)
    expect(results.length).toBeGreaterThan(150)
    expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
  })
})
