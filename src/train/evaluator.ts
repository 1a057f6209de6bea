// Measures a model on a validation set, in runs of rows, with the weights as inputs so that they can change.

import type { NdArray } from '../base/index.ts'
import { openSession, type Session, type SessionOptions, stableOptions } from '../engine/index.ts'
import { emitModel, input, type Value } from '../graph/index.ts'
import { inferencePass, type Model } from '../nn/index.ts'
import type { Figures } from './epoch.ts'
import { readRuns, type SampleRun, type Samples } from './samples.ts'
import type { TrainState } from './state.ts'

/** A scalar of a batch: the mean over its rows of how `output` does against `target`. */
export type Measure = (output: Value, target: Value) => Value

/** What to measure, on what. */
export interface EvaluationSpec {
  readonly model: Model
  readonly val: Samples
  readonly loss: Measure
  readonly metrics?: Readonly<Record<string, Measure>>
  readonly session?: SessionOptions
}

/** An open evaluation. */
export interface Evaluator {
  /** The loss and the metrics of the present weights. */
  measure(state: TrainState): Promise<Figures & { readonly loss: number }>
  close(): Promise<void>
}

/** Compiles the model for use together with its measures. */
export async function openEvaluator({
  model,
  val,
  loss,
  metrics = {},
  session: options = {},
}: EvaluationSpec): Promise<Evaluator> {
  const values = Object.fromEntries(
    Object.entries(model.params).map(([name, { shape }]) => [name, input(`param/${name}`, shape)]),
  )
  const x = input('x', ['rows', ...val.x.shape.slice(1)])
  const y = input('y', ['rows', ...val.y.shape.slice(1)])
  const output = model.apply(values, x, inferencePass)
  const measures = Object.entries({ ...metrics, loss }).map(
    ([name, measure]) => [name, measure(output, y)] as const,
  )
  const outputs = Object.fromEntries(measures)
  const emitted = emitModel(outputs, { inputs: [x, y] })
  const session = await openSession(emitted, stableOptions(outputs, options))
  return {
    async measure({ front }) {
      const params = Object.fromEntries(
        session.inputs.flatMap(({ name }) => (name in front ? [[name, front[name]]] : [])),
      )
      return measureRuns(session, params, readRuns(val))
    },
    close: () => session.close(),
  }
}

async function measureRuns(
  session: Session,
  params: Record<string, NdArray>,
  runs: AsyncIterable<SampleRun>,
) {
  const sums: Record<string, number> = {}
  let rows = 0
  for await (const run of runs) {
    const results = await session.run({ ...params, ...run })
    const count = run.x.shape[0]
    for (const [name, { data }] of Object.entries(results))
      sums[name] = (sums[name] ?? 0) + (data[0] as number) * count
    rows += count
  }
  const means = Object.entries(sums).map(([name, sum]) => [name, sum / rows])
  return Object.fromEntries(means) as Figures & { readonly loss: number }
}
