// A plane in which patches that are neighbours among their embeddings stay neighbours: UMAP (McInnes, Healy & Melville,
// arXiv 1802.03426), with exact neighbours and the principal components as its start.

import { openRandom } from '../base/index.ts'

/** How many neighbours a point is held to. */
export const neighboursOfPoint = 15
// The curve 1 / (1 + a d^2b) of the paper for a smallest distance of 0.1 and a spread of 1.
const [a, b] = [1.5769, 0.8951]
const negativesOfEdge = 5
const epochs = 500

/** What is being done, and how far it is. */
export type OnStep = (what: 'neighbours' | 'layout', done: number, total: number) => void

/** Lays out rows [rows, columns], at least three: x and y of each, one after the other. */
export function layOut(
  values: Float32Array,
  columns: number,
  seed: number,
  onStep: OnStep = () => {},
): Float32Array {
  const rows = values.length / columns
  const edges = unite(findNeighbours(values, columns, onStep), rows)
  const places = start(values, columns, seed)
  optimise(places, edges, seed, onStep)
  return Float32Array.from(places)
}

interface Neighbours {
  readonly each: number
  /** [rows, each], the nearest first. */
  readonly rows: Int32Array
  readonly distances: Float64Array
}

function findNeighbours(values: Float32Array, columns: number, onStep: OnStep): Neighbours {
  const count = values.length / columns
  const each = Math.min(neighboursOfPoint, count - 1)
  const rows = new Int32Array(count * each)
  const distances = new Float64Array(count * each).fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < count; i++) {
    const [first, last] = [i * each, (i + 1) * each - 1]
    for (let j = 0; j < count; j++) {
      if (j === i) continue
      let square = 0
      for (let c = 0; c < columns; c++) square += (values[i * columns + c] - values[j * columns + c]) ** 2
      if (square >= distances[last]) continue
      let at = last
      for (; at > first && distances[at - 1] > square; at--) {
        distances[at] = distances[at - 1]
        rows[at] = rows[at - 1]
      }
      distances[at] = square
      rows[at] = j
    }
    if (i % 100 === 0) onStep('neighbours', i, count)
  }
  return { each, rows, distances: distances.map(Math.sqrt) }
}

interface Edges {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly weight: Float64Array
}

// How strongly each point is tied to its neighbours, united with how strongly they are tied to it.
function unite({ each, rows, distances }: Neighbours, count: number): Edges {
  const ties = new Map<number, number>()
  for (let i = 0; i < count; i++) {
    const own = distances.subarray(i * each, (i + 1) * each)
    const nearest = own.find((distance) => distance > 0) ?? 0
    const scale = findScale(own, nearest)
    own.forEach((distance, k) => {
      const tie = Math.exp(-Math.max(0, distance - nearest) / scale)
      ties.set(i * count + rows[i * each + k], tie)
    })
  }
  const united = new Map<number, number>()
  for (const [key, tie] of ties) {
    const mirrored = (key % count) * count + Math.floor(key / count)
    const back = ties.get(mirrored) ?? 0
    united.set(key, tie + back - tie * back)
    united.set(mirrored, tie + back - tie * back)
  }
  const keys = [...united.keys()].sort((one, other) => one - other)
  return {
    from: Int32Array.from(keys, (key) => Math.floor(key / count)),
    to: Int32Array.from(keys, (key) => key % count),
    weight: Float64Array.from(keys, (key) => united.get(key)!),
  }
}

// The scale at which the ties of a point add up to the logarithm of how many there are.
function findScale(distances: Float64Array, nearest: number): number {
  const target = Math.log2(Math.max(2, distances.length))
  let [low, high, scale] = [0, Number.POSITIVE_INFINITY, 1]
  for (let i = 0; i < 64; i++) {
    const sum = distances.reduce((all, one) => all + Math.exp(-Math.max(0, one - nearest) / scale), 0)
    if (Math.abs(sum - target) < 1e-5) break
    if (sum > target) high = scale
    else low = scale
    scale = high === Number.POSITIVE_INFINITY ? scale * 2 : (low + high) / 2
  }
  const mean = distances.reduce((all, one) => all + one, 0) / distances.length
  return Math.max(scale, 1e-3 * mean, 1e-12)
}

// The first two columns within -10 to 10, with a little noise that parts equal points.
function start(values: Float32Array, columns: number, seed: number): Float64Array {
  const random = openRandom(seed, 'umap start')
  const most = values.reduce(
    (largest, value, at) => (at % columns < 2 ? Math.max(largest, Math.abs(value)) : largest),
    0,
  )
  const scale = most > 0 ? 10 / most : 0
  return Float64Array.from({ length: (2 * values.length) / columns }, (_, at) => {
    const column = at % 2
    const value = column < columns ? values[(at >> 1) * columns + column] : 0
    return value * scale + 1e-4 * random.normal()
  })
}

function optimise(places: Float64Array, { from, to, weight }: Edges, seed: number, onStep: OnStep): void {
  const random = openRandom(seed, 'umap layout')
  const count = places.length / 2
  const most = weight.reduce((largest, one) => Math.max(largest, one), 0)
  const every = weight.map((one) => most / one)
  const next = every.slice()
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const rate = 1 - (epoch - 1) / epochs
    for (let edge = 0; edge < from.length; edge++) {
      if (next[edge] > epoch) continue
      next[edge] += every[edge]
      const [i, j] = [2 * from[edge], 2 * to[edge]]
      const square = distance(places, i, j)
      if (square > 0) {
        const pull = (-2 * a * b * square ** (b - 1)) / (1 + a * square ** b)
        move(places, i, j, pull, rate, true)
      }
      for (let k = 0; k < negativesOfEdge; k++) {
        const other = 2 * random.integer(count)
        if (other === i) continue
        const far = distance(places, i, other)
        const push = (2 * b) / ((0.001 + far) * (1 + a * far ** b))
        move(places, i, other, push, rate, false)
      }
    }
    if (epoch % 10 === 0) onStep('layout', epoch, epochs)
  }
}

function distance(places: Float64Array, i: number, j: number): number {
  return (places[i] - places[j]) ** 2 + (places[i + 1] - places[j + 1]) ** 2
}

function move(places: Float64Array, i: number, j: number, force: number, rate: number, both: boolean): void {
  for (let axis = 0; axis < 2; axis++) {
    const step = rate * Math.max(-4, Math.min(4, force * (places[i + axis] - places[j + axis])))
    places[i + axis] += step
    if (both) places[j + axis] -= step
  }
}
