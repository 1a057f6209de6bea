// mlp_*: training steps of the perceptron against PyTorch: logits, losses, gradients, AdamW's weights, evaluation.
// Everything is derived from config.json; values come from the folder's files or from the config's formula.

import { f32, type NdArray } from '../src/base/index.ts'
import { openSession } from '../src/engine/index.ts'
import { constant, emitModel, gradients, input, sigmoid } from '../src/graph/index.ts'
import { mlp } from '../src/models/index.ts'
import { adam, adamW, bceWithLogits, inferencePass, type Model } from '../src/nn/index.ts'
import { copyArrays, openState, openStep, type TrainState } from '../src/train/index.ts'
import { type MlpFixture, readMlpFixture, toleranceOf } from './mlpFixture.ts'
import type { ConformanceResult } from './result.ts'

/** Trains as the fixture did and compares each step. Throws DataError for a folder that is no such fixture. */
export async function checkMlp(folder: string): Promise<ConformanceResult[]> {
  const fixture = await readMlpFixture(folder)
  const { hyper } = fixture
  const model = mlp({ inputs: hyper.inputs, hidden: hyper.hidden, ...hyper.batchNorm })
  const initial = Object.fromEntries(Object.keys(model.params).map((name) => [name, fixture.params[name]]))
  const state = openState(model.params, initial)
  const results: ConformanceResult[] = []
  if (fixture.evalBefore) {
    const { logits } = await evaluate(model, state, fixture.batches[0].x)
    results.push(compare('eval logits before', logits, fixture.evalBefore, 1e-5))
  }
  results.push(...(await checkSteps(fixture, model, state)))
  const { probability } = await evaluate(model, state, fixture.batches[0].x)
  results.push(compare('eval probabilities after', probability, fixture.expected, fixture.expectedTolerance))
  return results
}

async function checkSteps(
  fixture: MlpFixture,
  model: Model,
  state: TrainState,
): Promise<ConformanceResult[]> {
  const step = await openReportingStep(fixture, model, state)
  const results: ConformanceResult[] = []
  for (const [i, batch] of fixture.batches.entries()) {
    const place = { epoch: 1, step: i + 1, learningRate: fixture.hyper.learningRate, seed: 0 }
    const { loss, logits, ...grads } = await step.run(state, batch, place)
    const reference = fixture.steps[i]
    const tolerance = toleranceOf(i + 1, place.learningRate)
    results.push(compare(`step ${i + 1} loss`, loss, reference.loss, tolerance))
    results.push(compare(`step ${i + 1} logits`, logits, reference.logits, tolerance))
    const after = copyArrays(state, 'param/')
    for (const [name, expected] of Object.entries(reference.tensors)) {
      results.push(...expected.checkGrad(`step ${i + 1} gradient ${name}`, grads[`gradient ${name}`]))
      if (after[name]) results.push(...expected.checkAfter(`step ${i + 1} ${name}`, after[name]))
    }
  }
  await step.close()
  return results
}

function openReportingStep({ hyper, batches }: MlpFixture, model: Model, state: TrainState) {
  const [x, y] = [input('x', batches[0].x.shape), input('y', batches[0].y.shape)]
  const trained = Object.keys(model.params).filter((name) => model.params[name].role !== 'statistic')
  const options = { ...hyper.optimizer, learningRate: hyper.learningRate, decay: 'all' } as const
  return openStep(
    {
      params: model.params,
      optimizer: hyper.decoupled ? adamW(options) : adam(options),
      build(params, pass) {
        const logits = model.apply(params, x, pass)
        const loss = bceWithLogits(logits, y)
        const found = gradients(
          loss,
          trained.map((name) => params[name]),
        )
        const grads = Object.fromEntries(trained.map((name, i) => [`gradient ${name}`, found[i]]))
        return { loss, reports: { logits, ...grads } }
      },
    },
    state,
    { provider: 'cpu' },
  )
}

async function evaluate(model: Model, state: TrainState, rows: NdArray): Promise<Record<string, NdArray>> {
  const params = Object.fromEntries(
    Object.entries(copyArrays(state, 'param/')).map(([name, array]) => [name, constant(array)]),
  )
  const logits = model.apply(params, input('x', ['rows', rows.shape[1]]), inferencePass)
  const session = await openSession(emitModel({ logits, probability: sigmoid(logits) }), { provider: 'cpu' })
  const outputs = await session.run({ x: f32(rows.shape, rows.data as Float32Array) })
  await session.close()
  return outputs
}

// The tolerance is relative to the largest expected value, and absolute below 1.
function compare(
  quantity: string,
  got: NdArray,
  expected: ArrayLike<number>,
  relative: number,
): ConformanceResult {
  const tolerance =
    relative * Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  if (got.data.length !== expected.length)
    return { quantity: `${quantity} (length)`, error: Number.NaN, tolerance }
  let error = 0
  for (let i = 0; i < expected.length; i++)
    error = Math.max(error, Math.abs(Number(got.data[i]) - expected[i]))
  return { quantity, error, tolerance }
}
