// One node of an ONNX graph as a rule reads it: its inputs in order, its attributes by name, with one error for
// whatever the rule cannot take.

import { type NdArray, ShapeError } from '../../base/index.ts'
import { type OnnxAttribute, type OnnxNode, tensorFromOnnx } from '../../formats/onnx/index.ts'
import type { Side, Value } from '../value.ts'
import { asStatic, asValue, type Entry, type Static } from './statics.ts'

/** A node whose inputs have been read. */
export interface OpenNode {
  readonly type: string
  /** The version of the operator set that the model imports for the node's domain. */
  readonly opset: number
  /** How errors name it, e.g. `model.onnx node 'conv1' (Conv)`. */
  readonly where: string
  /** The number of inputs, left-out ones at the end not counted. */
  readonly arity: number
  readonly outputs: readonly string[]
  has(i: number): boolean
  entry(i: number): Entry
  /** Input i. Throws ShapeError where it was left out. */
  value(i: number): Value
  /** Input i where it is known while reading, else null. */
  known(i: number): Static | null
  /** The items of input i. Throws ShapeError where it is not known while reading. */
  sides(i: number): readonly Side[]
  /** The same as numbers. */
  numbers(i: number): number[]
  /** An attribute, or `fallback`; without fallback it must be there. */
  int(name: string, fallback?: number): number
  float(name: string, fallback?: number): number
  string(name: string, fallback: string): string
  /** A list of whole numbers, or null where the attribute is not there. */
  ints(name: string): number[] | null
  floats(name: string): readonly number[] | null
  tensor(name: string): NdArray | null
  /** A value of shape [side], for a named side: it tells the length at run time. Its numbers mean nothing. */
  likeSide(side: string): Value
  /** The error for what the rule cannot take. */
  refuse(expected: string, got: string, hint?: string): ShapeError
}

/** What a node needs of the graph around it. */
export interface NodeContext {
  readonly where: string
  readonly opset: number
  /** What the name of an input stands for. */
  read(name: string): Entry
  /** A value of shape [side], or null where no input has such a side. */
  likeSide(side: string): Value | null
}

/** Opens a node. */
export function openNode(node: OnnxNode, { where, opset, read, likeSide }: NodeContext): OpenNode {
  const attributes = new Map(node.attribute.map((attribute) => [attribute.name, attribute]))
  const refuse = (expected: string, got: string, hint?: string) =>
    new ShapeError({ where, expected, got, hint })
  const pick = <T>(name: string, fallback: T | undefined, take: (from: OnnxAttribute) => T): T => {
    const attribute = attributes.get(name)
    if (attribute) return take(attribute)
    if (fallback !== undefined) return fallback
    throw refuse(`the attribute ${name}`, 'none')
  }
  const entry = (i: number): Entry => {
    if (!node.input[i]) throw refuse(`input ${i}`, 'none')
    return read(node.input[i])
  }
  const known = (i: number) => asStatic(entry(i))
  const sides = (i: number) => {
    const found = known(i)
    if (found) return found.items
    throw refuse(`input ${i} ('${node.input[i]}') known when the graph is read`, 'one that depends on data')
  }
  return {
    type: node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}.${node.opType}`,
    opset,
    where,
    arity: node.input.findLastIndex((name) => name !== '') + 1,
    outputs: node.output,
    has: (i) => Boolean(node.input[i]),
    entry,
    value: (i) => asValue(where, entry(i)),
    known,
    sides,
    numbers: (i) =>
      sides(i).map((side) => {
        if (typeof side === 'number') return side
        throw refuse('numbers', `the side '${side}'`, 'give the input a fixed shape')
      }),
    int: (name, fallback) => pick(name, fallback, ({ i }) => Number(i ?? 0n)),
    float: (name, fallback) => pick(name, fallback, ({ f }) => f ?? 0),
    string: (name, fallback) =>
      pick(name, fallback, ({ s }) => new TextDecoder().decode(s ?? new Uint8Array())),
    ints: (name) => pick<number[] | null>(name, null, ({ ints }) => ints.map(Number)),
    floats: (name) => pick<readonly number[] | null>(name, null, ({ floats }) => floats),
    tensor: (name) => pick<NdArray | null>(name, null, ({ t }) => (t ? tensorFromOnnx(t) : null)),
    likeSide(side) {
      const like = likeSide(side)
      if (like) return like
      throw refuse('sides known when the graph is read', `'${side}'`, 'give the input a fixed shape')
    },
    refuse,
  }
}
