// The ops by which exporters compute shapes, evaluated while the graph is read. A rule gives null for what it
// leaves to the graph.

import type { Dtype } from '../../base/index.ts'
import { onnxTypes } from '../../formats/onnx/index.ts'
import { frontAxis, type Side } from '../value.ts'
import type { OpenNode } from './node.ts'
import {
  asStatic,
  broadcastStatics,
  itemAt,
  itemRules,
  numberRules,
  productOf,
  type Static,
  tabulate,
} from './statics.ts'

/** What a node gives where all of its inputs are known (for Shape and Size: their shape), or null. */
export function foldNode(node: OpenNode): Static | null {
  if (node.type === 'Shape' || node.type === 'Size') return foldShape(node)
  if (!Object.hasOwn(foldRules, node.type) && !itemRules[node.type] && !numberRules[node.type]) return null
  const inputs: Static[] = []
  for (let i = 0; i < node.arity; i++) {
    const known = node.has(i) ? node.known(i) : null
    if (!known) return null
    inputs.push(known)
  }
  if (numberRules[node.type]) return mapNumbers(inputs[0], numberRules[node.type])
  if (itemRules[node.type]) return foldItems(node, inputs)
  return foldRules[node.type](node, inputs)
}

/** The dtype of an ONNX data type, half precision read as single; null where there is none. */
export function dtypeOf(type: number): Dtype | null {
  if (type === 10 || type === 16) return 'f32'
  return (Object.keys(onnxTypes) as Dtype[]).find((name) => onnxTypes[name] === type) ?? null
}

function foldShape(node: OpenNode): Static {
  const shape: readonly Side[] = node.entry(0).shape
  if (node.type === 'Size') return { known: 'i64', shape: [], items: [sizeOfSides(node, shape)] }
  const part = shape.slice(node.int('start', 0), node.int('end', shape.length))
  return { known: 'i64', shape: [part.length], items: part }
}

/** The number of elements that `sides` span. Throws ShapeError where more than one of them is named. */
export function sizeOfSides(node: OpenNode, sides: readonly Side[]): Side {
  const size = productOf(sides)
  if (size === undefined) throw node.refuse('at most one named side', `[${sides}]`)
  return size
}

function roundTo(dtype: Dtype, item: Side): Side {
  return dtype === 'f32' && typeof item === 'number' ? Math.fround(item) : item
}

function mapNumbers(input: Static, rule: (x: number) => number): Static | null {
  if (input.items.some((item) => typeof item === 'string')) return null
  const items = input.items.map((item) => roundTo(input.known, rule(item as number)))
  return { ...input, items }
}

const truths = ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or']

function foldItems({ type }: OpenNode, inputs: readonly Static[]): Static | null {
  const rule = itemRules[type]
  const [first] = inputs
  const isInteger = first.known === 'i64' || first.known === 'i32'
  const result = inputs.slice(1).reduce<Static | null>((a, b) => {
    const shape = a && broadcastStatics([a.shape, b.shape])
    if (!a || !shape) return null
    let isOpen = false
    const folded = tabulate(first.known, shape, (place) => {
      const item = rule(itemAt(a, place), itemAt(b, place), isInteger)
      if (item === undefined) isOpen = true
      return roundTo(first.known, item ?? 0)
    })
    return isOpen ? null : folded
  }, first)
  return result && truths.includes(type) ? { ...result, known: 'bool' } : result
}

type FoldRule = (node: OpenNode, inputs: readonly Static[]) => Static | null

const foldRules: Readonly<Record<string, FoldRule>> = {
  Identity: (_, [x]) => x,
  Cast: (node, [x]) => {
    const known = dtypeOf(node.int('to'))
    if (!known) return null
    const cast = (item: Side) => {
      if (typeof item === 'string') return item
      if (known === 'bool') return Number(item !== 0)
      return known === 'f32' || known === 'f64' ? roundTo(known, item) : Math.trunc(item)
    }
    return { ...x, known, items: x.items.map(cast) }
  },
  Concat: (node, inputs) => {
    const axis = frontAxis(node.where, node.int('axis'), inputs[0].shape.length)
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis], 0)
    return tabulate(inputs[0].known, inputs[0].shape.with(axis, total), (place) => {
      let at = place[axis]
      for (const part of inputs) {
        if (at < part.shape[axis]) return itemAt(part, place.with(axis, at))
        at -= part.shape[axis]
      }
      return 0
    })
  },
  Gather: (node, [x, indices]) => {
    const axis = frontAxis(node.where, node.int('axis', 0), x.shape.length)
    const rank = indices.shape.length
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
    if (indices.items.some((item) => typeof item === 'string')) return null
    return tabulate(x.known, shape, (place) => {
      const index = itemAt(indices, place.slice(axis, axis + rank)) as number
      const front = index < 0 ? index + x.shape[axis] : index
      return itemAt(x, [...place.slice(0, axis), front, ...place.slice(axis + rank)])
    })
  },
  Slice: (node, [x]) => {
    const ranges = readRanges(node, x.shape)
    if (!ranges) return null
    const shape = x.shape.map((side, axis) => ranges.get(axis)?.length ?? side)
    return tabulate(x.known, shape, (place) =>
      itemAt(
        x,
        place.map((at, axis) => {
          const range = ranges.get(axis)
          return range ? range.start + at * range.step : at
        }),
      ),
    )
  },
  Reshape: (_, [x, shape]) => reshapeStatic(x, shape),
  Squeeze: (node, [x]) => {
    const axes = readAxes(node, x.shape.length) ?? x.shape.flatMap((side, axis) => (side === 1 ? [axis] : []))
    return { ...x, shape: x.shape.filter((_, axis) => !axes.includes(axis)) }
  },
  Unsqueeze: (node, [x]) => ({ ...x, shape: unsqueezeShape(node, x.shape) as number[] }),
  Transpose: (node, [x]) => {
    const order = node.ints('perm') ?? x.shape.map((_, i) => x.shape.length - 1 - i)
    const shape = order.map((axis) => x.shape[axis])
    return tabulate(x.known, shape, (place) =>
      itemAt(
        x,
        x.shape.map((_, axis) => place[order.indexOf(axis)]),
      ),
    )
  },
  Expand: (node, [x, shape]) => {
    if (shape.items.some((side) => typeof side === 'string')) return null
    const sides = broadcastStatics([x.shape, shape.items as number[]])
    if (!sides) throw node.refuse(`a shape that [${x.shape}] broadcasts to`, `[${shape.items}]`)
    return tabulate(x.known, sides, (place) => itemAt(x, place))
  },
  Where: (_, [condition, a, b]) => {
    const shape = broadcastStatics([condition.shape, a.shape, b.shape])
    if (!shape || condition.items.some((item) => typeof item === 'string')) return null
    return tabulate(a.known, shape, (place) => itemAt(itemAt(condition, place) ? a : b, place))
  },
  ConstantOfShape: (node, [shape]) => {
    const value = node.tensor('value')
    const sides = shape.items
    if (sides.some((side) => typeof side === 'string')) return null
    const item = value ? Number(value.data[0]) : 0
    return tabulate(value?.dtype ?? 'f32', sides as number[], () => item)
  },
  Range: (_, inputs) => {
    const [start, limit, delta] = inputs.map(({ items }) => items[0])
    if ([start, limit, delta].some((item) => typeof item === 'string')) return null
    const count = Math.max(0, Math.ceil((Number(limit) - Number(start)) / Number(delta)))
    return tabulate(inputs[0].known, [count], ([i]) => Number(start) + i * Number(delta))
  },
  ReduceProd: (node, [x]) => {
    if (x.shape.length > 1) return null
    const product = productOf(x.items)
    const shape = node.int('keepdims', 1) === 1 ? x.shape.map(() => 1) : []
    return product === undefined ? null : { ...x, shape, items: [product] }
  },
}

function reshapeStatic(x: Static, shape: Static): Static | null {
  if (shape.items.some((side) => typeof side === 'string')) return null
  const sides = (shape.items as number[]).map((side, axis) => (side === 0 ? x.shape[axis] : side))
  const rest = sides.reduce((size, side) => (side === -1 ? size : size * side), 1)
  return { ...x, shape: sides.map((side) => (side === -1 ? x.items.length / rest : side)) }
}

/** Axes by attribute or as input 1, counted from the front of `rank`; null where none are given. */
export function readAxes(node: OpenNode, rank: number): number[] | null {
  const given = node.ints('axes') ?? (node.has(1) ? node.numbers(1) : null)
  return given?.map((axis) => frontAxis(node.where, axis, rank)) ?? null
}

/** `shape` with the sides of 1 that Unsqueeze puts in. */
export function unsqueezeShape(node: OpenNode, shape: readonly Side[]): Side[] {
  const given = node.ints('axes') ?? node.numbers(1)
  const axes = given.map((axis) => frontAxis(node.where, axis, shape.length + given.length))
  const sides = [...shape]
  for (const axis of axes.sort((a, b) => a - b)) sides.splice(axis, 0, 1)
  return sides
}

/** What a Slice takes of an axis: positions start, start + step, ..., `length` of them. */
export interface SliceRange {
  readonly start: number
  readonly step: number
  readonly length: number
}

/** The ranges of a Slice by axis, clamped as ONNX says; null where a bound or a sliced side is not known. */
export function readRanges(node: OpenNode, shape: readonly Side[]): Map<number, SliceRange> | null {
  const list = (name: string, i: number) => {
    const given = node.ints(name)
    if (given) return given
    return node.has(i) ? (asStatic(node.entry(i))?.items ?? null) : undefined
  }
  const [starts, ends] = [list('starts', 1), list('ends', 2)]
  if (!starts || !ends) return null
  const [givenAxes, givenSteps] = [list('axes', 3), list('steps', 4)]
  if (givenAxes === null || givenSteps === null) return null
  const axes = givenAxes ?? starts.map((_, axis) => axis)
  const steps = givenSteps ?? starts.map(() => 1)
  const ranges = new Map<number, SliceRange>()
  for (const [i, given] of axes.entries()) {
    const axis = frontAxis(node.where, Number(given), shape.length)
    const side = shape[axis]
    const step = Number(steps[i])
    const [from, to] = [starts[i], ends[i]]
    // The whole of a named side is the one slice of it that can be known.
    if (typeof side === 'string') {
      if (from === 0 && step === 1 && (to === side || Number(to) >= 2 ** 31 - 1)) continue
      return null
    }
    if (typeof from === 'string' || typeof to === 'string') return null
    ranges.set(axis, clampRange(from, to, step, side))
  }
  return ranges
}

function clampRange(from: number, to: number, step: number, side: number): SliceRange {
  const front = (at: number) => (at < 0 ? at + side : at)
  const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at, low), high)
  const start = step > 0 ? clamp(front(from), 0, side) : clamp(front(from), -1, side - 1)
  const end = step > 0 ? clamp(front(to), 0, side) : clamp(front(to), -1, side - 1)
  return { start, step, length: Math.max(0, Math.ceil((end - start) / step)) }
}
