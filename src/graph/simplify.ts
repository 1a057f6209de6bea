// Rewrites a graph, before it is emitted, into one that makes fewer passes over memory and gives the same values
// up to rounding: scalar factors and biases move into matrix products, sums of rows become products with ones, and other sums
// are written in the form that has the same bits on any number of threads.

import { f32 } from '../base/index.ts'
import { div, matmul, reduceMean, reduceSum, reshape } from './ops/index.ts'
import { sortValues } from './sort.ts'
import {
  constant,
  makeValue,
  multiplySide,
  type OpAttributes,
  type Shape,
  type Side,
  type Value,
} from './value.ts'

/** The same outputs, by the same names, by a cheaper graph. */
export function simplify(outputs: Readonly<Record<string, Value>>): Record<string, Value> {
  const roots = Object.values(outputs)
  const uses = new Map<Value, number>()
  const order = sortValues(roots)
  for (const used of [...roots, ...order.flatMap(({ inputs }) => inputs)])
    uses.set(used, (uses.get(used) ?? 0) + 1)
  const rewritten = new Map<Value, Value>()
  for (const value of order) {
    const inputs = value.inputs.map((from) => rewritten.get(from)!)
    const isSame = inputs.every((from, i) => from === value.inputs[i])
    const moved = isSame ? value : { ...value, inputs }
    const onlyUse = (i: number) => uses.get(value.inputs[i]) === 1
    rewritten.set(value, rewrite(moved, onlyUse))
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, rewritten.get(value)!]))
}

// `onlyUse(i)`: nothing else needs input i, so it may be replaced instead of computed beside.
function rewrite(value: Value, onlyUse: (i: number) => boolean): Value {
  if (value.dtype !== 'f32') return value
  if (value.op === 'reduceSum' || value.op === 'reduceMean') return sumByProduct(value) ?? sumInOneWay(value)
  if (value.op === 'mul') return scaleProduct(value, onlyUse)
  if (value.op === 'matmul') return pullFactors(value)
  if (value.op === 'add') return addBias(value, onlyUse)
  return value
}

type Gemm = OpAttributes['gemm']

// A product of two matrices, as gemm; undefined for anything else.
function asGemm(value: Value): { inputs: readonly Value[]; attributes: Gemm } | undefined {
  if (value.op === 'gemm') return { inputs: value.inputs, attributes: value.attributes as Gemm }
  if (value.op !== 'matmul' || value.inputs.some(({ shape }) => shape.length !== 2)) return undefined
  return { inputs: value.inputs, attributes: { ...(value.attributes as OpAttributes['matmul']), scale: 1 } }
}

// c (A B) -> gemm with scale c
function scaleProduct(value: Value, onlyUse: (i: number) => boolean): Value {
  const at = value.inputs.findIndex((from) => scalarOf(from) !== undefined)
  const gemm = at < 0 ? undefined : asGemm(value.inputs[1 - at])
  if (!gemm || gemm.inputs.length > 2 || !onlyUse(1 - at)) return value
  const scale = gemm.attributes.scale * scalarOf(value.inputs[at])!
  return makeValue('gemm', gemm.inputs, { ...gemm.attributes, scale }, value.dtype, value.shape)
}

// (c A) B -> gemm with scale c
function pullFactors(value: Value): Value {
  const gemm = asGemm(value)
  if (!gemm) return value
  let scale = 1
  const inputs = gemm.inputs.map((from) => {
    if (from.op !== 'mul') return from
    const at = from.inputs.findIndex((factor) => scalarOf(factor) !== undefined)
    if (at < 0) return from
    scale *= scalarOf(from.inputs[at])!
    return from.inputs[1 - at]
  })
  return scale === 1
    ? value
    : makeValue('gemm', inputs, { ...gemm.attributes, scale }, value.dtype, value.shape)
}

// A B + [columns] -> gemm with bias
function addBias(value: Value, onlyUse: (i: number) => boolean): Value {
  const at = value.inputs.findIndex((from, i) => onlyUse(i) && asGemm(from)?.inputs.length === 2)
  if (at < 0) return value
  const bias = value.inputs[1 - at]
  const { inputs, attributes } = asGemm(value.inputs[at])!
  if (bias.shape.length !== 1 || bias.shape[0] !== value.shape[1]) return value
  return makeValue('gemm', [...inputs, bias], attributes, value.dtype, value.shape)
}

// ONNX Runtime sums over the first axis several times slower than it multiplies by a row of ones.
function sumByProduct(value: Value): Value | undefined {
  const [x] = value.inputs
  const { axes, keep } = value.attributes as OpAttributes['reduceSum']
  const [rows] = x.shape
  if (x.shape.length !== 2 || axes.length !== 1 || axes[0] !== 0 || typeof rows !== 'number') return undefined
  const weight = value.op === 'reduceSum' ? 1 : 1 / rows
  const ones = constant(f32(keep ? [1, rows] : [rows], new Float32Array(rows).fill(weight)))
  return makeValue('matmul', [ones, x], { transposeA: false, transposeB: false }, value.dtype, value.shape)
}

// Sums over inner axes, or over outer and inner ones, are made by ONNX Runtime in one of two ways, by whether they are as
// many as threads, and the two differ in the last bits. Written as a product with ones, or as inner sums and then outer
// ones, they are made in one.
function sumInOneWay(value: Value): Value {
  const [x] = value.inputs
  const { axes } = value.attributes as OpAttributes['reduceSum']
  if (x.shape.filter((side) => typeof side === 'string').length > 1) return value
  const runs = joinAxes(x.shape, axes)
  if (runs.length < 2 || (runs.length !== 3 && !axes.some((axis) => x.shape[axis] === 1))) return value
  const sizes = runs.map(({ size }) => size)
  const joined = reshape(x, sizes)
  const reduce = (of: Value, over: readonly number[]) =>
    value.op === 'reduceSum' ? reduceSum(of, { axes: over }) : reduceMean(of, { axes: over })
  const summed = runs.flatMap(({ isSummed }, axis) => (isSummed ? [axis] : []))
  if (runs.length !== 3) return reshape(reduce(joined, summed), value.shape)
  if (runs[0].isSummed)
    return reshape(
      rewrite(reduce(reduce(joined, [2]), [0]), () => false),
      value.shape,
    )
  const [, inner] = sizes
  if (typeof inner !== 'number') return value
  const ones = constant(f32([1, inner], new Float32Array(inner).fill(1)))
  const sum = reshape(matmul(ones, joined), value.shape)
  return value.op === 'reduceSum' ? sum : div(sum, inner)
}

/** Neighbouring axes that are summed alike as one; axes of length 1 are none. At most one side may be named. */
export function joinAxes(
  shape: Shape,
  axes: readonly number[],
): { readonly isSummed: boolean; readonly size: Side }[] {
  const runs: { isSummed: boolean; size: Side }[] = []
  for (const [axis, side] of shape.entries()) {
    if (side === 1) continue
    const isSummed = axes.includes(axis)
    const last = runs.at(-1)
    if (last?.isSummed !== isSummed) runs.push({ isSummed, size: side })
    else
      last.size =
        typeof side === 'number' ? multiplySide(last.size, side) : multiplySide(side, last.size as number)
  }
  return runs
}

function scalarOf(value: Value): number | undefined {
  if (value.op !== 'constant' || value.shape.length > 0) return undefined
  return (value.attributes as OpAttributes['constant']).array.data[0] as number
}
