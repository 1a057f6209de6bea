// L2-regularised logistic regression: mean log loss + l2/2 |w|^2, the bias not regularised, solved to the
// optimum in float64. Deterministic: the seed is not used.

import {
  checkOptions,
  f32,
  flag,
  type NdArray,
  type OptionRules,
  oneOf,
  orNull,
  real,
} from '../base/index.ts'
import { finishDense, loadDense } from './denseHead.ts'
import { loadFit } from './embeddings.ts'
import type { HeadMethod } from './head.ts'
import { minimize } from './lbfgs.ts'
import { rejectRobust } from './robust.ts'
import { fitStandardization, standardizeRows } from './standardize.ts'
import { type Calibration, calibrations, measureLogits } from './temperature.ts'

/** Options of logistic regression. */
export interface LogisticOptions {
  /** Strength of the penalty, 0 or more (scikit-learn's C is 1 / (rows * l2)); null tries 10 to .0001 on val. */
  readonly l2: number | null
  /** Standardise each dimension by train's mean and standard deviation. */
  readonly standardize: boolean
  /** Divide the logits by a temperature fitted on val. */
  readonly calibrate: Calibration
}

const rules: OptionRules<LogisticOptions> = {
  l2: orNull(real(0, 1e6)),
  standardize: flag,
  calibrate: oneOf(Object.keys(calibrations)),
}

// From strong to weak, each starting where the one before ended.
const triedPenalties = [10, 1, 0.1, 0.01, 0.001, 0.0001]

/** Logistic regression as a head. */
export const logistic: HeadMethod<LogisticOptions> = {
  name: 'logistic',
  version: 2,
  usesSeed: false,
  about: 'L2-regularised logistic regression; without a given strength, the one with the least loss on val',
  defaults: { l2: null, standardize: true, calibrate: 'none' },
  rules,
  async fit(trainRows, valRows, options, _seed, hooks = {}) {
    checkOptions('logistic', rules, options)
    rejectRobust('logistic', hooks.robust)
    const usesVal = options.l2 === null || options.calibrate !== 'none'
    const { train, val } = await loadFit(trainRows, valRows, usesVal)
    const standardization = options.standardize ? fitStandardization(train.x) : null
    const prepare = (x: NdArray<'f32'>, into?: Float32Array) =>
      standardization ? standardizeRows(x, standardization, into) : x
    const settled = hooks.settled?.chosen.l2 as number | undefined
    const given = settled ?? options.l2
    const penalties = given === null ? triedPenalties : [given]
    const x = prepare(train.x, train.x.data)
    const valX = given === null ? prepare(val.x) : null
    let weights: Float64Array = new Float64Array(x.shape[1] + 1)
    let best = { weights, l2: penalties[0], loss: Number.POSITIVE_INFINITY }
    const tried: { l2: number; valLoss: number }[] = []
    for (const [i, l2] of penalties.entries()) {
      weights = solve(x, train.y, l2, weights)
      const loss = valX ? measureLogits(computeLogits(valX, weights), val.y).loss : 0
      if (valX) tried.push({ l2, valLoss: loss })
      if (loss < best.loss) best = { weights, l2, loss }
      hooks.progress?.(i + 1, penalties.length, `l2 ${l2}`)
    }
    const columns = x.shape[1]
    const network = {
      standardization,
      layers: [
        {
          weight: f32([1, columns], best.weights.slice(0, columns)),
          bias: f32([1], [best.weights[columns]]),
        },
      ],
    }
    const record = { kind: 'logistic', options, curve: [], chosen: { l2: best.l2, tried } }
    return finishDense(network, val, options.calibrate, record, hooks)
  },
  load: (files, place) => loadDense(files, 'logistic', place?.threads),
}

function solve(x: NdArray<'f32'>, y: Uint8Array, l2: number, start: Float64Array): Float64Array {
  const objective = (weights: Float64Array, gradient: Float64Array) =>
    measureLoss(x, y, l2, weights, gradient)
  return minimize(objective, start, { tolerance: 1e-6, iterations: 500 }).point
}

// The penalised loss, and its gradient into `gradient`; weights are one a dimension, then the bias.
function measureLoss(
  { data, shape: [rows, columns] }: NdArray<'f32'>,
  y: Uint8Array,
  l2: number,
  weights: Float64Array,
  gradient: Float64Array,
): number {
  let loss = 0
  gradient.fill(0)
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    let logit = weights[columns]
    for (let j = 0; j < columns; j++) logit += weights[j] * data[start + j]
    const signed = y[row] === 1 ? logit : -logit
    loss += (Math.max(0, -signed) + Math.log1p(Math.exp(-Math.abs(signed)))) / rows
    const residual = (1 / (1 + Math.exp(-logit)) - y[row]) / rows
    for (let j = 0; j < columns; j++) gradient[j] += residual * data[start + j]
    gradient[columns] += residual
  }
  for (let j = 0; j < columns; j++) {
    loss += (l2 / 2) * weights[j] ** 2
    gradient[j] += l2 * weights[j]
  }
  return loss
}

function computeLogits(
  { data, shape: [rows, columns] }: NdArray<'f32'>,
  weights: Float64Array,
): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => {
    let logit = weights[columns]
    for (let j = 0; j < columns; j++) logit += weights[j] * data[row * columns + j]
    return logit
  })
}
