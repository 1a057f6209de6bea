// The heads of a run as graph ops: each seed's own network, and the mean of their probabilities.

import { DataError } from '../base/index.ts'
import { readOnnx } from '../formats/index.ts'
import { add, cast, div, readGraph, type Value } from '../graph/index.ts'

/** The files of one seed's head. */
export type HeadFiles = Readonly<Record<string, Uint8Array>>

/** The mean over heads of the probability [batch, 1] that each gives for embeddings [batch, dimensions]. */
export function writeHeads(embeddings: Value, heads: readonly HeadFiles[]): Value {
  const sum = heads.map((files) => cast(writeHead(embeddings, files), 'f64')).reduce((a, b) => add(a, b))
  return cast(div(sum, heads.length), 'f32')
}

function writeHead(embedding: Value, files: HeadFiles): Value {
  const bytes = files['head.onnx']
  if (!bytes) {
    throw new DataError({
      where: 'head',
      expected: 'head.onnx',
      got: Object.keys(files).join(', ') || 'no files',
      hint: 'heads without a network cannot be exported: predict with the run instead',
    })
  }
  return readGraph(readOnnx(bytes, 'head.onnx'), 'head.onnx').write(['probability'], { embedding })
    .probability
}
