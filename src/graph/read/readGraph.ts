// Any ONNX model as a graph of our ops: to be composed with others, run, and, where its ops have gradient rules,
// trained. Nodes are read from the wanted outputs backwards, as far as the names that are given.
// Source: the operator list of the ONNX specification, opsets 7 to 22, and ONNX Runtime's com.microsoft domain.

import { type NdArray, pickNamed, ShapeError } from '../../base/index.ts'
import {
  type OnnxModel,
  type OnnxNode,
  type OnnxValueInfo,
  tensorFromOnnx,
} from '../../formats/onnx/index.ts'
import * as ops from '../ops/index.ts'
import { constant, input, type Shape, type Side, type Value } from '../value.ts'
import { elementwiseRules } from './elementwiseRules.ts'
import { dtypeOf, foldNode } from './fold.ts'
import { movementRules } from './movementRules.ts'
import { openNode } from './node.ts'
import { productRules } from './productRules.ts'
import { reductionRules } from './reductionRules.ts'
import { resizeRules } from './resizeRule.ts'
import type { ReadRules } from './rule.ts'
import { asValue, type Entry } from './statics.ts'

const readRules: ReadRules = {
  ...elementwiseRules,
  ...movementRules,
  ...reductionRules,
  ...productRules,
  ...resizeRules,
}

/** An ONNX model whose parts can be written as graphs. */
export interface ReadGraph {
  /** Inputs that are no parameters, as the model declares them. */
  readonly inputs: Readonly<Record<string, Value>>
  /** The names of the outputs, in order. */
  readonly outputs: readonly string[]
  /** The model's float32 arrays by name: its weights. */
  readonly params: Readonly<Record<string, NdArray<'f32'>>>
  /** Every value that a node gives, in the order of the nodes. */
  readonly steps: readonly ReadStep[]
  /** Strings kept in the model. */
  readonly metadata: Readonly<Record<string, string>>
  /**
   * The values called `names` (outputs, or any between), as functions of `given`: values by name that stand in for
   * inputs, parameters or values between. Inputs that are not given are inputs of the result, by their names.
   * Throws ShapeError, naming node and op, for what cannot be read.
   */
  write(names: readonly string[], given?: Readonly<Record<string, Value>>): Record<string, Value>
}

/** A node: its op, its inputs and outputs by name. */
export interface ReadStep {
  readonly type: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** Opens a model whose tensors' data lie within it; `where` names it in errors. */
export function readGraph(model: OnnxModel, where = 'onnx'): ReadGraph {
  const { initializer, node: nodes, input: ports, output } = model.graph!
  const arrays = new Map<string, () => NdArray>()
  for (const tensor of initializer)
    arrays.set(
      tensor.name,
      keep(() => tensorFromOnnx(tensor)),
    )
  const inputs = Object.fromEntries(
    ports.filter(({ name }) => !arrays.has(name)).map((port) => [port.name, readPort(port, where)]),
  )
  const opsets = new Map(model.opsetImport.map(({ domain, version }) => [domain, Number(version)]))
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)))
  const floats = initializer.filter(({ dataType }) => dtypeOf(dataType) === 'f32')
  const known = { where, arrays, inputs, makers, opsets }
  return {
    inputs,
    outputs: output.map(({ name }) => name),
    get params() {
      return Object.fromEntries(floats.map(({ name }) => [name, arrays.get(name)!() as NdArray<'f32'>]))
    },
    steps: nodes.map((node) => ({
      type: node.opType,
      inputs: node.input.filter(Boolean),
      outputs: node.output.filter(Boolean),
    })),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    write: (names, given = {}) => writeValues(known, names, given),
  }
}

function keep<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

// A side without a number or name gets one of its own: it is known to no other.
function readPort({ name, type }: OnnxValueInfo, where: string): Value {
  const tensor = type?.tensorType
  const dtype = tensor && dtypeOf(tensor.elemType)
  if (!tensor?.shape || !dtype)
    throw new ShapeError({
      where: `${where} input '${name}'`,
      expected: 'a tensor of known rank and type',
      got: 'another',
    })
  const shape: Shape = tensor.shape.dim.map(({ value }, axis): Side => {
    if (value.case === 'dimValue' && value.value > 0n) return Number(value.value)
    return (value.case === 'dimParam' && value.value) || `${name}:${axis}`
  })
  return input(name, shape, dtype)
}

interface Known {
  readonly where: string
  readonly arrays: ReadonlyMap<string, () => NdArray>
  readonly inputs: Readonly<Record<string, Value>>
  readonly makers: ReadonlyMap<string, OnnxNode>
  readonly opsets: ReadonlyMap<string, number>
}

function writeValues(
  known: Known,
  names: readonly string[],
  given: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const { where, arrays, inputs, makers } = known
  const entries = new Map<string, Entry>(Object.entries(given))
  const leaf = (name: string): Entry | null => {
    if (arrays.has(name)) return constant(arrays.get(name)!())
    return Object.hasOwn(inputs, name) ? inputs[name] : null
  }
  const likeSide = (side: string) => findSide([...Object.values(given), ...Object.values(inputs)], side)
  for (const name of names) {
    if (!entries.has(name) && !makers.has(name) && !leaf(name))
      pickNamed(`${where} value`, Object.fromEntries([...makers.keys()].map((key) => [key, key])), name)
    readBackwards(known, name, entries, leaf, likeSide)
  }
  return Object.fromEntries(names.map((name) => [name, asValue(`${where} '${name}'`, entries.get(name)!)]))
}

// Without recursion: graphs may be thousands of nodes deep.
function readBackwards(
  known: Known,
  wanted: string,
  entries: Map<string, Entry>,
  leaf: (name: string) => Entry | null,
  likeSide: (side: string) => Value | null,
): void {
  const { where, makers } = known
  const refuse = (name: string, expected: string, got: string) =>
    new ShapeError({ where: `${where} value '${name}'`, expected, got })
  const begun = new Set<string>()
  const stack = [wanted]
  while (stack.length > 0) {
    const name = stack[stack.length - 1]
    const found = entries.get(name) ?? (makers.has(name) ? null : leaf(name))
    if (found) {
      entries.set(name, found)
      stack.pop()
      continue
    }
    const node = makers.get(name)
    if (!node) throw refuse(name, 'a node that gives it', 'none')
    const missing = node.input.filter((from) => from !== '' && !entries.has(from))
    if (missing.length === 0) {
      writeNode(known, node, entries, likeSide)
      if (!entries.has(name)) throw refuse(name, `an output of ${node.opType} that can be read`, 'another')
    } else {
      if (begun.has(name)) throw refuse(name, 'a graph without circles', 'one')
      begun.add(name)
      stack.push(...missing)
    }
  }
}

function writeNode(
  { where, opsets }: Known,
  node: OnnxNode,
  entries: Map<string, Entry>,
  likeSide: (side: string) => Value | null,
): void {
  const label = `${where} node '${node.name || node.output[0]}' (${node.opType})`
  const opened = openNode(node, {
    where: label,
    opset: opsets.get(node.domain) ?? opsets.get('ai.onnx') ?? 0,
    read: (name) => entries.get(name)!,
    likeSide,
  })
  const folded = foldNode(opened)
  if (folded) {
    entries.set(node.output[0], folded)
    return
  }
  if (!Object.hasOwn(readRules, opened.type)) {
    throw new ShapeError({
      where: label,
      expected: 'an op that can be read (docs/graph.md lists them)',
      got: opened.type,
    })
  }
  try {
    const result = readRules[opened.type](opened)
    const results: readonly Entry[] = Array.isArray(result) ? result : [result as Entry]
    for (const [i, name] of node.output.entries()) {
      if (name === '' || i >= results.length) continue
      if (!entries.has(name)) entries.set(name, results[i])
    }
  } catch (cause) {
    if (cause instanceof ShapeError && !cause.message.startsWith(label))
      throw new ShapeError({ where: label, got: cause.message }, cause)
    throw cause
  }
}

// One number for each position of a named side, from the first value that has it.
function findSide(values: readonly Value[], side: string): Value | null {
  for (const value of values) {
    const axis = value.shape.indexOf(side)
    if (axis < 0 || value.shape.some((other, i) => i !== axis && typeof other !== 'number')) continue
    const column = value.shape.reduce<Value>(
      (part, _, i) => (i === axis ? part : ops.slice(part, i, 0, 1)),
      value,
    )
    return ops.reshape(column, [side])
  }
  return null
}
