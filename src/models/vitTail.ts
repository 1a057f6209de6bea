// The last blocks of a ViT with a classifier on its class token: what fine-tuning trains. Its input is what the frozen
// blocks before give, so that they run once for each patch and not once for each epoch.

import * as g from '../graph/index.ts'
import { dropout, type Model, type ParamSpecs, prefixModel } from '../nn/index.ts'
import { mlp } from './mlp.ts'
import { vit } from './vit.ts'
import type { VitArchitecture } from './vitShapes.ts'

/** The form of a tail. */
export interface VitTailOptions {
  readonly architecture: VitArchitecture
  /** Blocks at the end that are part of it, beside the final normalisation. */
  readonly blocks: number
  /** Tokens of an image, prefix tokens included. */
  readonly tokens: number
  /** Widths of the classifier's hidden layers, each with batch norm and ReLU; none for a linear one. */
  readonly hidden: readonly number[]
  /** Probability of dropout: after the first two hidden layers, or before a linear classifier. */
  readonly dropout: number
}

/** From rows [count, tokens * width] to logits [count, 1]; parameters by dinov2's names and `head.0.weight`, ... */
export function vitTail({ architecture, blocks, tokens, hidden, dropout: rate }: VitTailOptions): Model {
  const { width, depth } = architecture
  const trunk = vit(architecture)
  const drop = dropout(hidden.length > 0 ? 0 : rate)
  const head = prefixModel('head', mlp({ inputs: width, hidden, dropout: [rate, rate] }))
  const isOwn = (name: string) => name.startsWith('norm.') || blockOf(name) >= depth - blocks
  const own: ParamSpecs = Object.fromEntries(Object.entries(trunk.params).filter(([name]) => isOwn(name)))
  return {
    params: { ...own, ...head.params },
    apply(values, x, pass) {
      const rows = g.reshape(x, [x.shape[0], tokens, width])
      const token = trunk.writeTail(values, rows, depth - blocks)
      return head.apply(values, drop.apply(values, token, pass), pass)
    },
  }
}

/** The block that a parameter belongs to by its dinov2 name, -1 for those of no block. */
export function blockOf(name: string): number {
  return Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? -1)
}
