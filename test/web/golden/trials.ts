// What is computed in a browser and under Node, to be compared: no file of it knows where it runs.

import { f32, openRandom } from '../../../src/base/index.ts'
import type { Session } from '../../../src/engine/session.ts'
import { evaluate } from '../../../src/evaluate/index.ts'
import {
  emitModel,
  gradients,
  input,
  matmul,
  mul,
  reduceMean,
  relu,
  sub,
  type Value,
} from '../../../src/graph/index.ts'
import { makePredictions } from '../../evaluate/patches.ts'

/** Figures of made-up predictions, as JSON. */
export function evaluateTrial(): string {
  return JSON.stringify(evaluate({ ...makePredictions(600, 24), seed: 0 } as never))
}

/** A layer, its loss and the gradients of its parameters, as an ONNX model. */
export function emitTrial(): Uint8Array {
  const port = (name: string, ...shape: (number | string)[]): Value => input(name, shape)
  const [x, target, weight] = [port('x', 16, 12), port('target', 16, 5), port('weight', 12, 5)]
  const error = sub(relu(matmul(x, weight)), target)
  const loss = reduceMean(mul(error, error))
  const [slope] = gradients(loss, [weight])
  return emitModel({ loss, slope }, { name: 'trial', inputs: [x, target, weight] })
}

/** Runs it on numbers that are drawn; all outputs, one after the other. */
export async function runTrial(session: Session): Promise<number[]> {
  const random = openRandom(0, 'graph trial')
  const draw = (rows: number, columns: number) =>
    f32(
      [rows, columns],
      Float32Array.from({ length: rows * columns }, () => random.normal()),
    )
  const { loss, slope } = await session.run({ x: draw(16, 12), target: draw(16, 5), weight: draw(12, 5) })
  await session.close()
  return [...(loss.data as Float32Array), ...(slope.data as Float32Array)]
}
