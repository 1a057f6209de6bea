// The gradient of a scalar as a graph: rules applied from the result back to the leaves, sums where paths meet.

import { f32, type NdArray, ndarray, ShapeError, sizeOf } from '../base/index.ts'
import { type GradientRule, gradientRules } from './gradientRules.ts'
import { add } from './ops/index.ts'
import { sortValues } from './sort.ts'
import { constant, fixedShape, type OpName, scalar, showShape, type Value } from './value.ts'

/**
 * d target / d each of `wrt`, in their order; zeros for a value that the target does not depend on.
 * `target` is a scalar (shape `[]`); shapes on the path must be fixed. Throws ShapeError where an op on the
 * path has no derivative.
 */
export function gradients(target: Value, wrt: readonly Value[]): Value[] {
  if (target.shape.length !== 0) {
    throw new ShapeError({
      where: 'gradients',
      expected: 'a scalar',
      got: showShape(target.shape),
      hint: 'reduce it first',
    })
  }
  const order = sortValues([target])
  const wanted = reachFrom(order, new Set(wrt))
  const found = new Map<Value, Value>([[target, scalar(1, target.dtype)]])
  for (const value of order.toReversed()) {
    const grad = found.get(value)
    if (!grad || value.inputs.length === 0 || !wanted.has(value)) continue
    const parts = ruleOf(value)(grad, value as never)
    value.inputs.forEach((from, i) => {
      const part = parts[i]
      if (!part || !wanted.has(from)) return
      const sum = found.get(from)
      found.set(from, sum ? add(sum, part) : part)
    })
  }
  return wrt.map((value) => found.get(value) ?? zerosLike(value))
}

// Only values on a path from a wanted leaf need a gradient: a frozen layer costs nothing backwards.
function reachFrom(order: readonly Value[], leaves: ReadonlySet<Value>): ReadonlySet<Value> {
  const reached = new Set<Value>()
  for (const value of order) {
    if (leaves.has(value) || value.inputs.some((from) => reached.has(from))) reached.add(value)
  }
  return reached
}

function ruleOf(value: Value): GradientRule<never> {
  const rule: GradientRule<never> | string = gradientRules[value.op as OpName]
  if (typeof rule !== 'string') return rule
  throw new ShapeError({ where: `gradient of ${value.op}`, got: rule, hint: 'stop the gradient before it' })
}

function zerosLike(value: Value): Value {
  const shape = fixedShape('gradients', value)
  const zeros: NdArray =
    value.dtype === 'f64' ? ndarray('f64', shape, new Float64Array(sizeOf(shape))) : f32(shape)
  return constant(zeros)
}
