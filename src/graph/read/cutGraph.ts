// A read graph in two: the trunk, which stays as it is, and the tail, whose parameters are trained. What passes from
// one to the other is a single value, so that a trunk's results can be kept and trained on.

import { type NdArray, ShapeError } from '../../base/index.ts'
import { input, type Value } from '../value.ts'
import type { ReadGraph } from './readGraph.ts'

/** Where a graph can be cut, and what lies behind. */
export interface GraphCut {
  /** The name of the value that passes. */
  readonly at: string
  /**
   * The parameters behind it, by name: those that the output depends on and the trunk does not. Single numbers (the
   * constants of formulas) and the statistics of batch normalisation are none.
   */
  readonly params: Readonly<Record<string, NdArray<'f32'>>>
  /** What passes, from the graph's only input. */
  writeTrunk(x: Value): Value
  /** The output from what passes, whose first side is the batch; parameters that are not given are constants. */
  writeTail(passed: Value, params?: Readonly<Record<string, Value>>): Value
}

/**
 * Cuts a graph of one input before `output` at the value called `at`, or, where `at` is a number, at the last value
 * behind which at least so many parameters lie. Throws ShapeError for a value that other values pass by, or where
 * there is none.
 */
export function cutGraph(graph: ReadGraph, output: string, at: string | number): GraphCut {
  const { order, places } = findPlaces(graph, output)
  const name = typeof at === 'string' ? at : lastPlace(graph, output, places, at)
  if (!order.includes(name)) {
    throw new ShapeError({
      where: `cut at '${name}'`,
      expected: `a value on the way from '${Object.keys(graph.inputs)[0]}' to '${output}'`,
      got: 'another',
      hint: `for example '${places.at(-1)}'`,
    })
  }
  if (!places.includes(name)) {
    throw new ShapeError({
      where: `cut at '${name}'`,
      expected: `a value through which all of '${output}' goes`,
      got: 'one that others pass by',
      hint: `the nearest before it is '${nearest(order, places, name)}'`,
    })
  }
  const [image] = Object.keys(graph.inputs)
  return {
    at: name,
    params: paramsBehind(graph, output, name),
    writeTrunk: (x) => graph.write([name], { [image]: x })[name],
    writeTail(passed, params = {}) {
      // Behind the cut the input counts by its shape only, as far as nodes ask for the batch.
      const shape = [passed.shape[0], ...graph.inputs[image].shape.slice(1)]
      const given = { [name]: passed, [image]: input(image, shape, graph.inputs[image].dtype), ...params }
      return graph.write([output], given)[output]
    },
  }
}

interface Places {
  /** Values that depend on the input and that `output` depends on, in the order of the nodes. */
  readonly order: readonly string[]
  /** Those of them that everything from input to output goes through; the output itself is left out. */
  readonly places: readonly string[]
}

function findPlaces(graph: ReadGraph, output: string): Places {
  const inputs = Object.keys(graph.inputs)
  if (inputs.length !== 1)
    throw new ShapeError({ where: 'cut', expected: 'a graph of one input', got: inputs.join(', ') || 'none' })
  const needed = listNeeded(graph, output, new Set())
  const moving = new Set(inputs)
  // Shapes depend on the input by its sides only: they are known again behind a cut.
  const steps = graph.steps.filter(({ type, inputs: used, outputs }) => {
    const isOnWay = outputs.some((name) => needed.has(name)) && used.some((name) => moving.has(name))
    if (!isOnWay || type === 'Shape') return false
    for (const name of outputs) moving.add(name)
    return true
  })
  const lastUse = new Map(steps.flatMap(({ inputs: used }, i) => used.map((name) => [name, i] as const)))
  const order: string[] = []
  const places: string[] = []
  let reach = lastUse.get(inputs[0]) ?? 0
  for (const [i, { outputs }] of steps.entries()) {
    const own = outputs.filter((name) => lastUse.has(name) || name === output)
    order.push(...own)
    // Nothing made before is used after this node, and nothing else is made by it.
    if (reach <= i && own.length === 1 && own[0] !== output) places.push(own[0])
    for (const name of own) reach = Math.max(reach, lastUse.get(name) ?? i)
  }
  return { order, places }
}

// All names that `output` depends on, as far as `stops`.
function listNeeded(graph: ReadGraph, output: string, stops: ReadonlySet<string>): Set<string> {
  const needed = new Set([output])
  for (const { inputs, outputs } of graph.steps.toReversed()) {
    if (!outputs.some((name) => needed.has(name) && !stops.has(name))) continue
    for (const name of inputs) needed.add(name)
  }
  return needed
}

function paramsBehind(graph: ReadGraph, output: string, at: string): GraphCut['params'] {
  const behind = listNeeded(graph, output, new Set([at]))
  const before = listNeeded(graph, at, new Set())
  const statistics = new Set(
    graph.steps.flatMap(({ type, inputs }) => (type === 'BatchNormalization' ? inputs.slice(3, 5) : [])),
  )
  const isTrained = (name: string) => behind.has(name) && !before.has(name) && !statistics.has(name)
  return Object.fromEntries(
    Object.entries(graph.params).filter(([name, { data }]) => data.length > 1 && isTrained(name)),
  )
}

function lastPlace(graph: ReadGraph, output: string, places: readonly string[], count: number): string {
  const found = places.findLast((name) => Object.keys(paramsBehind(graph, output, name)).length >= count)
  if (found !== undefined) return found
  throw new ShapeError({
    where: 'cut',
    expected: `a value behind which ${count} parameters lie`,
    got: `${Object.keys(graph.params).length} parameters in all`,
    hint: 'train fewer of them',
  })
}

function nearest(order: readonly string[], places: readonly string[], name: string): string | undefined {
  const end = order.indexOf(name)
  return places.findLast((place) => order.indexOf(place) < end) ?? places[0]
}
