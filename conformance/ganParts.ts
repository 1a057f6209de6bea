// The pieces of GAN training by themselves: adversarial losses with their gradients, the image pool's trace with the
// fixture's own draws, and torchvision's colour changes.

import { join } from 'node:path'
import { f32, type NdArray } from '../src/base/index.ts'
import { readNpyFile } from '../src/files/index.ts'
import { constant, gradients, input, type Value } from '../src/graph/index.ts'
import {
  encodeJitter,
  type GanLossName,
  ganLosses,
  type JitterChange,
  type JitterDraw,
  jitterColors,
  toGray,
} from '../src/nn/index.ts'
import { openImagePool } from '../src/train/index.ts'
import { compareArrays } from './compare.ts'
import type { ConformanceResult } from './result.ts'
import { runGraph } from './runGraph.ts'
import { type Config, readTensors } from './vitFixture.ts'

/** cyclegan_ganloss_pool: each loss with the first elements of its gradient, and the pool. */
export async function checkLossesAndPool(folder: string, config: Config): Promise<ConformanceResult[]> {
  const scores = await readNpyFile(join(folder, 'input.npy'))
  const results: ConformanceResult[] = []
  for (const [key, { loss, ...rest }] of Object.entries<Config>(config.gan_loss ?? {})) {
    const [name, target] = key.split('_')
    const x = input('scores', scores.shape)
    const value = ganLosses[name as GanLossName](x, target === 'True')
    const found = await runGraph({ loss: value, grad: gradients(value, [x])[0] }, [x], { scores })
    results.push(compareArrays(key, found.loss, f32([], [loss]), { atol: 5e-6 * Math.abs(loss) }))
    for (const [part, first] of Object.entries(rest as Record<string, number[]>)) {
      const largest = Math.max(...first.map(Math.abs))
      const own = f32([first.length], (found.grad.data as Float32Array).slice(0, first.length))
      results.push(compareArrays(`${key} ${part}`, own, f32([first.length], first), { atol: 2e-4 * largest }))
    }
  }
  return [...results, ...checkPool(config.image_pool)]
}

interface PoolFixture {
  readonly pool_size: number
  readonly log: readonly Readonly<Record<'in' | 'out' | 'pool_after', readonly number[]>>[]
  readonly draws_per_image: readonly (null | { readonly uniform: number; readonly randint: number | null })[]
}

// Images are single numbers here; every draw is the fixture's own.
function checkPool(fixture: PoolFixture | undefined): ConformanceResult[] {
  if (!fixture) return []
  const pool = openImagePool(fixture.pool_size, [1])
  const draws = fixture.draws_per_image.filter((draw) => draw !== null)
  let next = 0
  let last = 0
  const random = {
    uniform: () => draws[(last = next++)]?.uniform ?? Number.NaN,
    integer: () => draws[last]?.randint ?? Number.NaN,
  }
  const exact = { atol: 0 }
  const row = (values: readonly number[]) => f32([values.length, 1], values)
  const results = fixture.log.flatMap((entry, i) => {
    const shown = pool.exchange(row(entry.in), random)
    const { images, count } = pool.state
    const stored = [...images.data.subarray(0, count.data[0])]
    return [
      compareArrays(`pool ${i} out`, shown, row(entry.out), exact),
      compareArrays(`pool ${i} after`, row(stored), row(entry.pool_after), exact),
    ]
  })
  return [...results, { quantity: 'pool draws', error: Math.abs(next - draws.length), tolerance: 0 }]
}

// The changes by the numbers that torchvision draws.
const changes: readonly JitterChange[] = ['brightness', 'contrast', 'saturation', 'hue']

/** multistain_jitter: each change by itself, on [-1, 1] and on [0, 1], and jitters with their own order. */
export async function checkJitter(folder: string, config: Config): Promise<ConformanceResult[]> {
  const images = (await readNpyFile(join(folder, 'input.npy'))) as NdArray<'f32'>
  const halved = f32(
    images.shape,
    images.data.map((value) => (value + 1) / 2),
  )
  const expected = await readTensors(folder, 'outputs.safetensors')
  const x = input('images', images.shape)
  const results: ConformanceResult[] = []
  for (const [key, reference] of Object.entries(expected)) {
    const value = writeAdjustment(key, config, x)
    const found = await runGraph({ value }, [x], { images: key.endsWith('_01') ? halved : images })
    results.push(compareArrays(key, found.value, reference, config.tolerance))
    if (key !== config['expected.npy']) continue
    const file = await readNpyFile(join(folder, 'expected.npy'))
    results.push(compareArrays('expected.npy', found.value, file, config.tolerance))
  }
  return results
}

function writeAdjustment(key: string, config: Config, x: Value): Value {
  if (key.startsWith('grayscale')) return toGray(x)
  const run = /^run(\d+)\.(.*)/.exec(key)
  const [change, factor] = key.split('_')
  const draw: JitterDraw = run
    ? readDraw(config.runs[Number(run[1])])
    : [{ change: change as JitterChange, factor: Number(factor) }]
  const present = (change: JitterChange) => (draw.some((one) => one.change === change) ? 0.5 : 0)
  const strengths = {
    brightness: present('brightness'),
    contrast: present('contrast'),
    saturation: present('saturation'),
    hue: present('hue'),
  }
  const jittered = jitterColors(x, constant(encodeJitter(draw)), strengths)
  return run?.[2] === 'jitter_gray' ? toGray(jittered) : jittered
}

function readDraw(run: Config): JitterDraw {
  const order: readonly number[] = Object.entries<Config>(run).find(([key]) => key.startsWith('order'))![1]
  return order
    .map((i) => ({ change: changes[i], factor: run[changes[i]] }))
    .filter(({ factor }) => factor !== null)
}
