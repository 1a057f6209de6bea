// Values that are known while a graph is read: shapes, axes, bounds. Exporters compute them by nodes of their own;
// here those nodes are evaluated. A side that is only known at run time stays a name.

import { type Dtype, type NdArray, ndarray, ShapeError, sizeOf } from '../../base/index.ts'
import { constant, multiplySide, type OpAttributes, type Side, type Value } from '../value.ts'

/** An array whose items are known; booleans are 0 and 1, and an integer may be a named side. */
export interface Static {
  readonly known: Dtype
  readonly shape: readonly number[]
  readonly items: readonly Side[]
}

/** What a name in an ONNX graph stands for while it is read. */
export type Entry = Value | Static

export function isStatic(entry: Entry): entry is Static {
  return 'known' in entry
}

// Arrays beyond this are weights or tables, not shapes.
const largestKnown = 4096

/** The entry as a static, or null where it is not known or too large to be one. */
export function asStatic(entry: Entry): Static | null {
  if (isStatic(entry)) return entry
  if (entry.op !== 'constant') return null
  const { array } = entry.attributes as OpAttributes['constant']
  if (array.data.length > largestKnown) return null
  return { known: array.dtype, shape: array.shape, items: Array.from(array.data, Number) }
}

/** The entry as a value. Throws ShapeError, naming `where`, for a static that holds a named side. */
export function asValue(where: string, entry: Entry): Value {
  if (!isStatic(entry)) return entry
  const name = entry.items.find((item) => typeof item === 'string')
  if (name === undefined) return constant(toArray(entry as Static & { items: readonly number[] }))
  throw new ShapeError({
    where,
    expected: 'sides known when the graph is read',
    got: `'${name}'`,
    hint: 'give the input a fixed shape',
  })
}

function toArray({ known, shape, items }: Static & { readonly items: readonly number[] }): NdArray {
  if (known === 'f32') return ndarray('f32', shape, Float32Array.from(items))
  if (known === 'f64') return ndarray('f64', shape, Float64Array.from(items))
  if (known === 'i64')
    return ndarray(
      'i64',
      shape,
      BigInt64Array.from(items, (item) => BigInt(item)),
    )
  if (known === 'i32') return ndarray('i32', shape, Int32Array.from(items))
  return ndarray(known, shape, Uint8Array.from(items))
}

/** A static of `shape` whose item at each place `fill` gives. */
export function tabulate(
  known: Dtype,
  shape: readonly number[],
  fill: (place: readonly number[]) => Side,
): Static {
  const items = Array.from({ length: sizeOf(shape) }, (_, at) => fill(placeOf(at, shape)))
  return { known, shape, items }
}

function placeOf(at: number, shape: readonly number[]): number[] {
  const place = new Array<number>(shape.length)
  let rest = at
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = rest % shape[axis]
    rest = Math.floor(rest / shape[axis])
  }
  return place
}

/** The item of a static at `place`; where the static has fewer axes or sides of 1, as NumPy broadcasts. */
export function itemAt({ shape, items }: Static, place: readonly number[]): Side {
  const skipped = place.length - shape.length
  let at = 0
  for (const [axis, side] of shape.entries()) at = at * side + (side === 1 ? 0 : place[axis + skipped])
  return items[at]
}

/** The shape that statics broadcast to, or null where they do not. */
export function broadcastStatics(shapes: readonly (readonly number[])[]): number[] | null {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  const sides: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    const given = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((side) => side !== 1)
    if (given.some((side) => side !== given[0])) return null
    sides.push(given[0] ?? 1)
  }
  return sides
}

/** What two items come to under an operator, or undefined where a named side leaves that open. */
export type ItemRule = (a: Side, b: Side, isInteger: boolean) => Side | undefined

const onNumbers =
  (compute: (a: number, b: number, isInteger: boolean) => number): ItemRule =>
  (a, b, isInteger) =>
    typeof a === 'number' && typeof b === 'number' ? compute(a, b, isInteger) : undefined

/** Operators of two items, by ONNX op. */
export const itemRules: Readonly<Record<string, ItemRule>> = {
  Add: (a, b) => (a === 0 ? b : b === 0 ? a : onNumbers((x, y) => x + y)(a, b, false)),
  Sub: (a, b) => (b === 0 ? a : a === b ? 0 : onNumbers((x, y) => x - y)(a, b, false)),
  Mul: (a, b) => {
    if (typeof a === 'number') return typeof b === 'number' ? a * b : multiplyNamed(b, a)
    return typeof b === 'number' ? multiplyNamed(a, b) : undefined
  },
  Div: (a, b, isInteger) => {
    if (b === 1) return a
    if (a === b) return 1
    return onNumbers((x, y) => (isInteger ? Math.trunc(x / y) : x / y))(a, b, isInteger)
  },
  Mod: onNumbers((a, b) => ((a % b) + b) % b),
  Pow: onNumbers((a, b) => a ** b),
  Min: (a, b) => (a === b ? a : onNumbers((x, y) => Math.min(x, y))(a, b, false)),
  Max: (a, b) => (a === b ? a : onNumbers((x, y) => Math.max(x, y))(a, b, false)),
  // A named side is a length: at least 0, and never one of the -1 by which exporters mark an open side.
  Equal: (a, b) => {
    if (a === b) return 1
    const isNegative = (side: Side) => typeof side === 'number' && side < 0
    return isNegative(a) || isNegative(b) ? 0 : onNumbers(() => 0)(a, b, false)
  },
  Greater: onNumbers((a, b) => Number(a > b)),
  GreaterOrEqual: onNumbers((a, b) => Number(a >= b)),
  Less: onNumbers((a, b) => Number(a < b)),
  LessOrEqual: onNumbers((a, b) => Number(a <= b)),
  And: onNumbers((a, b) => a * b),
  Or: onNumbers((a, b) => Math.max(a, b)),
}

// A named side is a length, so that none of it is 0.
function multiplyNamed(side: string, factor: number): Side | undefined {
  if (factor === 0) return 0
  return Number.isInteger(factor) && factor > 0 ? multiplySide(side, factor) : undefined
}

/** The product of all items, 1 for none; undefined where named sides leave it open. */
export function productOf(items: readonly Side[]): Side | undefined {
  return items.reduce<Side | undefined>(
    (product, item) => (product === undefined ? undefined : itemRules.Mul(product, item, true)),
    1,
  )
}

/** Operators of one number, by ONNX op. */
export const numberRules: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Abs: Math.abs,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Not: (x) => 1 - x,
}
