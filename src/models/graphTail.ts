// The tail of a read ONNX graph with a classifier on its embedding: what fine-tuning of an `onnx:PATH` extractor
// trains. Its input is what the trunk, the graph before the cut, gives.

import { sizeOf } from '../base/index.ts'
import * as g from '../graph/index.ts'
import { dropout, fill, linear, type Model, type ParamSpecs } from '../nn/index.ts'
import { poolTokens, type ReadoutPlan } from './poolTokens.ts'

/** The form of a tail. */
export interface GraphTailOptions {
  readonly cut: g.GraphCut
  /** Sides of what passes the cut for one image. */
  readonly passed: readonly number[]
  readonly readout: ReadoutPlan
  /** Probability of dropout before the classifier. */
  readonly dropout: number
}

/** From rows [count, size of what passes] to logits [count, 1]; parameters by the graph's names and `head.*`. */
export function graphTail({ cut, passed, readout, dropout: rate }: GraphTailOptions): Model {
  const embed = (x: g.Value, values?: Readonly<Record<string, g.Value>>) =>
    poolTokens(cut.writeTail(g.reshape(x, [x.shape[0], ...passed]), values), readout)
  const width = embed(g.input('x', [1, sizeOf(passed)])).shape[1] as number
  const head = linear('head', width, 1)
  const drop = dropout(rate)
  // Their values are those of the file: how they would be drawn plays no part.
  const own: ParamSpecs = Object.fromEntries(
    Object.entries(cut.params).map(([name, { shape }]) => [
      name,
      { shape, role: shape.length > 1 ? 'weight' : 'bias', init: fill(0) },
    ]),
  )
  return {
    params: { ...own, ...head.params },
    apply(values, x, pass) {
      const trained = Object.fromEntries(Object.keys(own).map((name) => [name, values[name]]))
      return head.apply(values, drop.apply(values, embed(x, trained), pass), pass)
    },
  }
}
