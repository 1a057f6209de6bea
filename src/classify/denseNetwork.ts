// What logistic regression and the MLP are once trained: standardisation, linear layers with ReLU between them,
// one logit. Batch normalisation and temperature are folded into the layers, as they are affine at prediction.

import { type NdArray, ndarray } from '../base/index.ts'
import { openSession } from '../engine/index.ts'
import type { Value } from '../graph/index.ts'
import {
  add,
  constant,
  emitModel,
  input,
  matmul,
  maximum,
  minimum,
  mul,
  relu,
  sigmoid,
  sub,
} from '../graph/index.ts'
import { holdSession } from './heldSession.ts'
import { type Standardization, standardizationLimit } from './standardize.ts'

/** One linear layer: y = x weight^T + bias. */
export interface DenseLayer {
  /** [outputs, inputs] */
  readonly weight: NdArray<'f32'>
  /** [outputs] */
  readonly bias: NdArray<'f32'>
}

/** Layers from embedding to logit; the last has one output. */
export interface DenseNetwork {
  readonly standardization: Standardization | null
  readonly layers: readonly DenseLayer[]
}

/** The number of dimensions a network expects. */
export function dimensionsOf({ layers }: DenseNetwork): number {
  return layers[0].weight.shape[1]
}

/** The network as an ONNX model: `embedding` [rows, d] -> `probability` [rows, 1] and `logit` [rows, 1]. */
export function emitDense(network: DenseNetwork): Uint8Array {
  const embedding = input('embedding', ['rows', dimensionsOf(network)])
  let x = network.standardization ? writeStandardization(embedding, network.standardization) : embedding
  network.layers.forEach(({ weight, bias }, i) => {
    const linear = add(matmul(x, constant(weight), { transposeB: true }), constant(bias))
    x = i < network.layers.length - 1 ? relu(linear) : linear
  })
  return emitModel({ probability: sigmoid(x), logit: x }, { name: 'head' })
}

/** Writes `clip((x - mean) * scale)` into a graph. */
export function writeStandardization(x: Value, { mean, scale }: Standardization): Value {
  const vector = (values: Float32Array) => constant(ndarray('f32', [values.length], values))
  const standardized = mul(sub(x, vector(mean)), vector(scale))
  return maximum(minimum(standardized, standardizationLimit), -standardizationLimit)
}

// Rows a run: activations stay at some tens of MB whatever the number of rows.
const rowsPerRun = 8192

/** A network in use; close it when done. */
export interface OpenDense {
  /** The network's output for each row of x [rows, d]. */
  run(x: NdArray<'f32'>, output: 'probability' | 'logit'): Promise<Float32Array>
  close(): Promise<void>
}

/** Opens a network on the processor; it is compiled at the first run. */
export function openDense(network: DenseNetwork, threads?: number): OpenDense {
  const session = holdSession(() =>
    openSession(emitDense(network), { provider: 'cpu', threads, spin: false }),
  )
  return {
    async run(x, output) {
      const [rows, columns] = x.shape
      const result = new Float32Array(rows)
      const open = await session.get()
      for (let start = 0; start < rows; start += rowsPerRun) {
        const end = Math.min(rows, start + rowsPerRun)
        const block = ndarray('f32', [end - start, columns], x.data.subarray(start * columns, end * columns))
        const outputs = await open.run({ embedding: block })
        result.set(outputs[output].data as Float32Array, start)
      }
      return result
    },
    close: session.close,
  }
}

/** The network whose logits are divided by `temperature`. */
export function coolNetwork(network: DenseNetwork, temperature: number): DenseNetwork {
  const { weight, bias } = network.layers[network.layers.length - 1]
  const divide = (array: NdArray<'f32'>) => ({
    ...array,
    data: array.data.map((value) => value / temperature),
  })
  return {
    ...network,
    layers: [...network.layers.slice(0, -1), { weight: divide(weight), bias: divide(bias) }],
  }
}
