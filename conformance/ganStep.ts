// cyclegan_step and multistain_step: optimisation steps on one pair of images against the reference: losses of each,
// and of the first the images, the gradients and the weights after Adam. The networks' forms are read off the weights.

import { join } from 'node:path'
import { DataError, f32, type NdArray } from '../src/base/index.ts'
import { readNpyFile } from '../src/files/index.ts'
import { patchGan, resnetGenerator, unetGenerator } from '../src/models/index.ts'
import { adam, type GanLossName, type Model } from '../src/nn/index.ts'
import {
  type CycleGan,
  cycleGan,
  type GanTraining,
  grayView,
  openGanTraining,
  plainView,
} from '../src/train/index.ts'
import { compareArrays } from './compare.ts'
import type { ConformanceResult } from './result.ts'
import { type Config, readTensors } from './vitFixture.ts'

type Tensors = Readonly<Record<string, NdArray>>

/** Trains as the fixture did and compares what it gives. */
export async function checkStep(folder: string, config: Config): Promise<ConformanceResult[]> {
  const before = await readTensors(folder, 'weights_before.safetensors')
  const [A, B] = await Promise.all(
    ['real_A.npy', 'real_B.npy'].map((name) => readNpyFile(join(folder, name))),
  )
  const training = await openTraining(config, before, A.shape)
  const results: ConformanceResult[] = []
  for (const [i, expected] of config.losses_f64_per_step.entries()) {
    const place = { epoch: 1, step: i + 1, learningRate: readRates(config).G }
    const { losses, reports } = await training.step({ A, B }, place)
    results.push(...compareLosses(`step ${i + 1}`, losses, expected, i === 0 ? 5e-6 : 5e-5))
    if (i > 0) continue
    const wanted = await readTensors(folder, 'images_step1.safetensors')
    for (const [name, image] of Object.entries(wanted)) {
      // a reconstruction went through two generators
      const tolerance = { atol: name.startsWith('rec') ? 5e-5 : 1e-5 }
      results.push(compareArrays(name, reports[`images/${name}`], image, tolerance))
    }
    const grads = await readTensors(folder, 'grads_step1.safetensors')
    const after = await readTensors(folder, 'weights_after_step1.safetensors')
    results.push(...compareGradients(training.state(), grads, config))
    results.push(...compareWeights(training.weights(), after, grads, config))
  }
  await training.close()
  return results
}

function readRates({ options, adam: settings }: Config): Readonly<Record<'G' | 'D', number>> {
  return { G: options.lr_G ?? settings.lr, D: options.lr_D ?? settings.lr }
}

function openTraining(config: Config, before: Tensors, shape: readonly number[]): Promise<GanTraining> {
  const { options, adam: settings } = config
  const rates = readRates(config)
  const [beta1, beta2] = settings.betas
  const { eps: epsilon, weight_decay: weightDecay } = settings
  const writeAdam = (learningRate: number) => adam({ learningRate, beta1, beta2, epsilon, weightDecay })
  return openGanTraining({
    gan: buildGan(config, before),
    shape,
    params: before,
    seed: 0,
    optimizer: writeAdam(rates.G),
    discriminatorOptimizer: writeAdam(rates.D),
    poolSize: options.pool_size,
    skipBelow: options.D_thresh ? options.D_thresh_value : undefined,
    session: { provider: 'cpu', threads: 1, quicken: false }, // the reference's own arithmetic
  })
}

function buildGan({ options, reference }: Config, weights: Tensors): CycleGan {
  const { norm, no_dropout: noDropout } = options
  if (norm !== 'instance' || noDropout === false) {
    const got = `norm ${norm}, no_dropout ${noDropout}`
    throw new DataError({ where: 'options', expected: 'norm instance, no dropout', got })
  }
  const isMultistain = `${reference.file}`.includes('multistain')
  const { brightness, contrast, saturation, hue } = options
  const gray = grayView('reference', { brightness, contrast, saturation, hue })
  const view = options.color_augment ? gray : { ...gray, showPlain: plainView.showPlain }
  return cycleGan({
    generator: buildGenerator(options, weights),
    discriminator: buildDiscriminator(options, weights),
    view: isMultistain ? view : plainView,
    gan: options.gan_mode as GanLossName,
    cycleWeights: [options.lambda_A, options.lambda_B],
    identityWeight: options.lambda_identity,
    penaltyWeight: 0,
  })
}

function countNames(weights: Tensors, pattern: RegExp): number {
  return Object.keys(weights).filter((name) => pattern.test(name)).length
}

function buildGenerator(
  { input_nc: inputs, output_nc: outputs, ngf: width }: Config,
  weights: Tensors,
): Model {
  const blocks = countNames(weights, /^G_A\.model\.\d+\.conv_block\.[13]\.weight$/)
  if (blocks > 0) return resnetGenerator({ inputs, outputs, width, blocks })
  return unetGenerator({ inputs, outputs, width, downs: countNames(weights, /^G_A\..*\.weight$/) / 2 })
}

function buildDiscriminator({ output_nc: inputs, ndf: width }: Config, weights: Tensors): Model {
  const spectral = countNames(weights, /^D_A\..*\.weight_orig$/) > 0
  return patchGan({ inputs, width, layers: countNames(weights, /^D_A\..*\.weight(_orig)?$/) - 2, spectral })
}

function compareLosses(
  where: string,
  losses: Readonly<Record<string, number>>,
  expected: Readonly<Record<string, number>>,
  rtol: number,
): ConformanceResult[] {
  return Object.entries(expected).map(([name, value]) => ({
    quantity: `${where} ${name}`,
    error: Math.abs((losses[name === 'G_total' ? 'G' : name] ?? 0) - value),
    tolerance: rtol * Math.abs(value),
  }))
}

// Adam's first moment began at 0: after one step it is (1 - beta1) times the gradient that the step took.
function compareGradients(state: Tensors, grads: Tensors, config: Config): ConformanceResult[] {
  const share = 1 - config.adam.betas[0]
  const zero: readonly string[] = config.zero_gradient_tensors
  return Object.entries(grads).flatMap(([name, expected]) => {
    if (zero.includes(name)) return []
    const largest = (expected.data as Float32Array).reduce((max, value) => Math.max(max, Math.abs(value)), 0)
    const { shape, data } = state[`mean/${name}`]
    const own = (data as Float32Array).map((value) => value / share)
    return [compareArrays(`gradient ${name}`, f32(shape, own), expected, { atol: 2e-4 * largest })]
  })
}

// The first Adam step is about the sign of the gradient: where it is near 0 an element may go the other way.
function compareWeights(
  weights: Tensors,
  after: Tensors,
  grads: Tensors,
  config: Config,
): ConformanceResult[] {
  const rates = readRates(config)
  const zero: readonly string[] = config.zero_gradient_tensors
  let [total, off] = [0, 0]
  const results = Object.entries(after).map(([name, expected]) => {
    const isTrained = name in grads
    if (isTrained && !zero.includes(name)) {
      total += expected.data.length
      off += countBeyond(weights[name], expected, 1e-6)
    }
    const atol = isTrained ? 2 * rates[name[0] as 'G' | 'D'] : 1e-5
    return compareArrays(`${name} after`, weights[name], expected, { atol, rtol: 2 ** -22 })
  })
  return [
    ...results,
    { quantity: 'share of weights off by more than 1e-6', error: off / total, tolerance: 1e-3 },
  ]
}

function countBeyond(got: NdArray, expected: NdArray, distance: number): number {
  const [own, wanted] = [got.data as Float32Array, expected.data as Float32Array]
  return wanted.reduce((count, value, i) => count + (Math.abs(own[i] - value) <= distance ? 0 : 1), 0)
}
