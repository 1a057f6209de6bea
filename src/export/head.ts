// The heads of a run as graph ops: each seed's own network, and the mean of their probabilities.

import { DataError } from '../base/index.ts'
import { surest, writeKnn } from '../classify/index.ts'
import { readOnnx } from '../formats/index.ts'
import { add, cast, div, log, maximum, minimum, readGraph, sigmoid, sub, type Value } from '../graph/index.ts'

/** The files of one seed's head. */
export type HeadFiles = Readonly<Record<string, Uint8Array>>

/** The mean over heads of the probability [batch, 1] that each gives for embeddings [batch, dimensions]. */
export function writeHeads(embeddings: Value, kind: string, heads: readonly HeadFiles[]): Value {
  const write = kind === 'knn' ? writeKnn : writeNetwork
  const sum = heads.map((files) => cast(write(embeddings, files), 'f64')).reduce((a, b) => add(a, b))
  return cast(div(sum, heads.length), 'f32')
}

/** Probabilities whose log odds are divided by `temperature`, in the way of `temper`. */
export function writeTemperature(probability: Value, temperature: number): Value {
  if (temperature === 1) return probability
  const p = minimum(maximum(cast(probability, 'f64'), surest), 1 - surest)
  const logit = log(div(p, sub(1, p)))
  return cast(sigmoid(div(logit, temperature)), 'f32')
}

// Every head that is a network is kept as one, `head.onnx`.
function writeNetwork(embedding: Value, files: HeadFiles): Value {
  const bytes = files['head.onnx']
  if (bytes) {
    const graph = readGraph(readOnnx(bytes, 'head.onnx'), 'head.onnx')
    return graph.write(['probability'], { embedding }).probability
  }
  throw new DataError({
    where: 'head',
    expected: 'head.onnx',
    got: Object.keys(files).join(', ') || 'no files',
    hint: 'run the study again, or predict with the run: eosin predict PATCHES --run RUN',
  })
}
