// The mlp_* fixtures, in both forms: tensors in files, or values by a hash formula with sums to compare.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, f32, type NdArray, sizeOf } from '../src/base/index.ts'
import { readNpyFile } from '../src/files/index.ts'
import { readSafetensors } from '../src/formats/index.ts'
import type { ConformanceResult } from './result.ts'

/** What a fixture says of one tensor after a step. */
export interface TensorReference {
  checkGrad(quantity: string, got: NdArray): ConformanceResult[]
  checkAfter(quantity: string, got: NdArray): ConformanceResult[]
}

/** What a fixture says of one step; logits and losses are those before the update. */
export interface StepReference {
  readonly loss: ArrayLike<number>
  readonly logits: ArrayLike<number>
  readonly tensors: Readonly<Record<string, TensorReference>>
}

/** A fixture, ready to compare. */
export interface MlpFixture {
  readonly hyper: {
    readonly inputs: number
    readonly hidden: readonly number[]
    readonly learningRate: number
    readonly decoupled: boolean
    readonly optimizer: { beta1: number; beta2: number; epsilon: number; weightDecay: number }
    readonly batchNorm: { epsilon: number; momentum: number }
  }
  readonly params: Readonly<Record<string, NdArray>>
  readonly batches: readonly { readonly x: NdArray<'f32'>; readonly y: NdArray<'f32'> }[]
  readonly steps: readonly StepReference[]
  readonly evalBefore?: ArrayLike<number>
  readonly expected: ArrayLike<number>
  readonly expectedTolerance: number
}

// biome-ignore lint/suspicious/noExplicitAny: the config is JSON of two known forms, read field by field.
type Config = any

/** Reads a fixture folder. Throws DataError where a part is missing or training cannot be repeated. */
export async function readMlpFixture(folder: string): Promise<MlpFixture> {
  const path = join(folder, 'config.json')
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new DataError({ where: path, got: cause.message }, cause)
  })
  const config: Config = JSON.parse(text)
  const hyper = readHyper(config.hyper_parameters, path)
  const limits = (name: string, step: number): Limits => ({
    // A gradient that is zero in theory is rounding noise, which Adam turns into steps of up to the learning rate.
    isNoise: (config.zero_gradient_tensors ?? []).includes(name),
    step,
    learningRate: hyper.learningRate,
    meanTolerance: 1e-3 + hyper.batchNorm.momentum * hyper.learningRate * step * (step - 1),
  })
  const expected = numbers(await readNpyFile(join(folder, 'expected.npy')))
  const expectedTolerance = config.expected_atol ?? 5 * config.expected_max_abs_f32_minus_f64
  const parts = config.value_recipe
    ? await readFormula(folder, config, limits)
    : await readFiles(folder, config, limits)
  return { hyper, expected, expectedTolerance, ...parts }
}

function readHyper(hyper: Config, where: string): MlpFixture['hyper'] {
  const { optimizer, dropout_p: dropout = 0, decay_applies_to: decays = 'all' } = hyper
  if (dropout !== 0 || !['Adam', 'AdamW'].includes(optimizer) || !/^all\b/i.test(decays)) {
    throw new DataError({
      where,
      expected: 'Adam or AdamW without dropout, its decay on all parameters',
      got: `${optimizer}, dropout ${dropout}, decay on ${decays}`,
    })
  }
  return {
    inputs: hyper.in_features,
    hidden: hyper.hidden,
    learningRate: hyper.lr,
    decoupled: hyper.optimizer === 'AdamW',
    optimizer: {
      beta1: hyper.betas[0],
      beta2: hyper.betas[1],
      epsilon: hyper.eps,
      weightDecay: hyper.weight_decay,
    },
    batchNorm: { epsilon: hyper.batch_norm.eps, momentum: hyper.batch_norm.momentum },
  }
}

type Parts = Pick<MlpFixture, 'params' | 'batches' | 'steps' | 'evalBefore'>
type LimitsOf = (name: string, step: number) => Limits

async function readFiles(folder: string, config: Config, limits: LimitsOf): Promise<Parts> {
  const tensors = async (name: string) => readSafetensors(await readFile(join(folder, name)), name)
  const x = await readNpyFile(join(folder, 'input.npy'))
  const y = await readNpyFile(join(folder, 'labels.npy'))
  const logits = await readNpyFile(join(folder, 'logits_train.npy'))
  const [count, batch, inputs] = x.shape
  const part = (array: NdArray, i: number, shape: number[]) =>
    f32(shape, numbers(array).slice(i * sizeOf(shape), (i + 1) * sizeOf(shape)))
  const steps: StepReference[] = []
  for (let i = 0; i < count; i++) {
    const grads = await tensors(`grads_step${i + 1}.safetensors`)
    const after = await tensors(`weights_after_step${i + 1}.safetensors`)
    const names = Object.keys(after).filter((name) => after[name].dtype === 'f32')
    const references = names.map((name) => [
      name,
      compareWhole(grads[name], after[name], limits(name, i + 1)),
    ])
    const loss = [(config.losses_f64 ?? config.losses_f32)[i]]
    steps.push({ loss, logits: part(logits, i, [batch]).data, tensors: Object.fromEntries(references) })
  }
  const beforePath = join(folder, 'logits_eval_before.npy')
  return {
    params: await tensors('weights.safetensors'),
    batches: steps.map((_, i) => ({ x: part(x, i, [batch, inputs]), y: part(y, i, [batch, 1]) })),
    steps,
    evalBefore: existsSync(beforePath) ? numbers(await readNpyFile(beforePath)) : undefined,
  }
}

// Tensors are numbered on from the recipe's first one; the batch of step s has that number + 100 + s.
async function readFormula(folder: string, config: Config, limits: LimitsOf): Promise<Parts> {
  const { in_features: inputs, batch_size: batch } = config.hyper_parameters
  const { tensors } = config.value_recipe
  const make = (shape: number[], t: number, scale = 1, offset = 0) =>
    f32(shape, hashValues(sizeOf(shape), t, scale, offset))
  const params: Record<string, NdArray> = {}
  for (const { tensor, shape, t, scale, offset } of tensors) {
    params[tensor] = make(shape, t, scale, offset)
    if (shape.length === 1 && tensor.endsWith('.weight'))
      Object.assign(params, freshStatistics(tensor, shape))
  }
  const batches = config.steps.map((step: Config, s: number) => ({
    x: make([batch, inputs], tensors[0].t + 100 + s),
    y: f32([batch, 1], step.labels),
  }))
  const check = await readNpyFile(join(folder, 'input.npy'))
  if (numbers(check).some((value, i) => value !== batches[0].x.data[i])) {
    throw new DataError({ where: folder, expected: 'input.npy as the formula gives it', got: 'other values' })
  }
  const steps = config.steps.map((step: Config, s: number) => ({
    loss: [step.loss_f64],
    logits: step.logits_f64,
    tensors: Object.fromEntries(
      Object.entries(step.tensors).map(([name, sums]) => [name, compareSums(sums, limits(name, s + 1))]),
    ),
  }))
  return { params, batches, steps }
}

// What a batch normalisation begins with beside its `weight`.
function freshStatistics(weight: string, shape: number[]): Record<string, NdArray> {
  const name = weight.slice(0, -'.weight'.length)
  return {
    [`${name}.running_mean`]: f32(shape),
    [`${name}.running_var`]: f32(shape, new Float32Array(sizeOf(shape)).fill(1)),
  }
}

// The integer hash of config.json's value_recipe; all steps are exact in 32-bit and float64 arithmetic.
function hashValues(count: number, t: number, scale: number, offset: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let h = (i + Math.imul(0x9e3779b9, t + 1)) >>> 0
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    h ^= h >>> 16
    return offset + scale * (((h >>> 8) / 2 ** 24) * 2 - 1)
  })
}

/**
 * What logits, losses and gradients of step 1, 2, ... may differ by, relative to their size: 1e-5, and once more for
 * each update before it, which carries the float32 rounding of near-zero gradients into the weights. At full size
 * PyTorch's own float32 is 3.4e-5 from its float64 at step 2, 2.7e-5 at step 3.
 */
export function toleranceOf(step: number, learningRate: number): number {
  return 1e-5 * (1 + (step - 1) * Math.max(1, learningRate / 1e-3))
}

interface Limits {
  readonly isNoise: boolean
  readonly step: number
  readonly learningRate: number
  /** Of a running mean, which follows the noisy biases: 1e-3, and what it picks up where they walk apart. */
  readonly meanTolerance: number
}

// Gradients to toleranceOf their largest value (at least 1); weights: no element further off than Adam can walk
// (2 lr a step: a gradient near zero may differ in sign), and all but one in a hundred within 1e-5 a step.
function compareWhole(grad: NdArray | undefined, after: NdArray, limits: Limits): TensorReference {
  const { isNoise, step, learningRate, meanTolerance } = limits
  return {
    checkGrad(quantity, got) {
      if (!grad || isNoise) return []
      return [
        {
          quantity,
          error: worst(differences(got, grad)),
          tolerance: toleranceOf(step, learningRate) * Math.max(1, worst(numbers(grad))),
        },
      ]
    },
    checkAfter(quantity, got) {
      const errors = differences(got, after).sort()
      const walk = {
        quantity: `${quantity} (all)`,
        error: errors[errors.length - 1],
        tolerance: 2 * learningRate * step,
      }
      if (quantity.endsWith('running_mean')) return [{ ...walk, tolerance: meanTolerance }]
      if (quantity.endsWith('running_var'))
        return [{ ...walk, tolerance: toleranceOf(step, learningRate) * Math.max(1, worst(numbers(after))) }]
      const most = errors[Math.floor(0.99 * (errors.length - 1))]
      return isNoise
        ? [walk]
        : [walk, { quantity: `${quantity} (99 %)`, error: most, tolerance: 1e-5 * step }]
    },
  }
}

// The same from the first elements, the sum and the Euclidean norm. A sum's tolerance grows with the norm.
function compareSums(sums: Config, limits: Limits): TensorReference {
  const { isNoise, step, learningRate, meanTolerance } = limits
  const [gradFirst, afterFirst] = ['grad_first', 'after_first'].map((prefix) => findList(sums, prefix))
  const first = (got: NdArray, expected: number[]) =>
    worst(expected.map((value, i) => Math.abs(Number(got.data[i]) - value)))
  return {
    checkGrad(quantity, got) {
      if (!gradFirst || isNoise) return []
      return [
        {
          quantity: `${quantity} (first)`,
          error: first(got, gradFirst),
          tolerance: toleranceOf(step, learningRate),
        },
        {
          quantity: `${quantity} (sum)`,
          error: Math.abs(sum(got) - sums.grad_sum),
          tolerance: 1e-4 * Math.max(1, sums.grad_l2),
        },
        {
          quantity: `${quantity} (norm)`,
          error: Math.abs(norm(got) - sums.grad_l2),
          tolerance: toleranceOf(step, learningRate) * Math.max(1, sums.grad_l2),
        },
      ]
    },
    checkAfter(quantity, got) {
      if (!afterFirst) return []
      const isMean = quantity.endsWith('running_mean')
      const walk = isMean ? meanTolerance : 2 * learningRate * step
      return [
        { quantity: `${quantity} (first)`, error: first(got, afterFirst), tolerance: walk },
        {
          quantity: `${quantity} (norm)`,
          error: Math.abs(norm(got) - sums.after_l2),
          tolerance: (isMean ? 1e-2 : 1e-4) * Math.max(1, sums.after_l2),
        },
        ...(isMean
          ? []
          : [
              {
                quantity: `${quantity} (sum)`,
                error: Math.abs(sum(got) - sums.after_sum),
                tolerance: 1e-3 * Math.max(1, sums.after_l2),
              },
            ]),
      ]
    },
  }
}

// `grad_first8` for `grad_first`: how many elements a list has is part of its name.
function findList(sums: Config, prefix: string): number[] | undefined {
  return Object.entries<number[]>(sums).find(([name]) => name.startsWith(prefix))?.[1]
}

function numbers(array: NdArray): Float32Array {
  return Float32Array.from(array.data as ArrayLike<number>)
}

function differences(a: NdArray, b: NdArray): Float64Array {
  if (a.data.length !== b.data.length) return Float64Array.of(Number.NaN)
  return Float64Array.from({ length: a.data.length }, (_, i) =>
    Math.abs(Number(a.data[i]) - Number(b.data[i])),
  )
}

function worst(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

function sum(array: NdArray): number {
  return Array.from(array.data as ArrayLike<number>).reduce((total, value) => total + value, 0)
}

function norm(array: NdArray): number {
  return Math.sqrt(
    Array.from(array.data as ArrayLike<number>).reduce((total, value) => total + value * value, 0),
  )
}
