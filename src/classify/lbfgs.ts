// Limited-memory BFGS with backtracking, in float64. Nocedal & Wright, "Numerical optimization" (2006),
// algorithms 7.4 and 7.5 (two-loop recursion), 3.1 (backtracking).

/** A smooth function: its value at a point, its gradient written into `gradient`. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number

/** When to stop: no component of the gradient beyond `tolerance`, or after `iterations`. */
export interface MinimizeOptions {
  readonly tolerance: number
  readonly iterations: number
}

const memory = 10

/** Minimises a smooth convex function from `start`; returns the point reached and whether it met the tolerance. */
export function minimize(
  objective: Objective,
  start: Float64Array,
  { tolerance, iterations }: MinimizeOptions,
): { point: Float64Array; converged: boolean } {
  let point = start.slice()
  let gradient = new Float64Array(start.length)
  let value = objective(point, gradient)
  const history: { step: Float64Array; change: Float64Array; curvature: number }[] = []
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (gradient.every((slope) => Math.abs(slope) <= tolerance)) return { point, converged: true }
    const direction = findDirection(gradient, history)
    const slope = dot(direction, gradient)
    const next = new Float64Array(start.length)
    const nextGradient = new Float64Array(start.length)
    let nextValue = Number.POSITIVE_INFINITY
    let length = history.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(gradient, gradient)))
    for (let halving = 0; halving < 40; halving++) {
      for (let i = 0; i < next.length; i++) next[i] = point[i] + length * direction[i]
      nextValue = objective(next, nextGradient)
      if (nextValue <= value + 1e-4 * length * slope) break
      length /= 2
    }
    if (!(nextValue < value)) return { point, converged: false } // rounding leaves nothing to gain
    const step = next.map((coordinate, i) => coordinate - point[i])
    const change = nextGradient.map((slopeAfter, i) => slopeAfter - gradient[i])
    const curvature = dot(step, change)
    if (curvature > 0) history.push({ step, change, curvature })
    if (history.length > memory) history.shift()
    point = next
    gradient = nextGradient
    value = nextValue
  }
  return { point, converged: false }
}

// The two-loop recursion: minus the inverse Hessian's approximation times the gradient.
function findDirection(
  gradient: Float64Array,
  history: readonly { step: Float64Array; change: Float64Array; curvature: number }[],
): Float64Array {
  const direction = gradient.map((slope) => -slope)
  const weights: number[] = []
  for (const { step, change, curvature } of history.toReversed()) {
    const weight = dot(step, direction) / curvature
    weights.push(weight)
    addScaled(direction, change, -weight)
  }
  const latest = history.at(-1)
  if (latest) {
    const scale = latest.curvature / dot(latest.change, latest.change)
    for (let i = 0; i < direction.length; i++) direction[i] *= scale
  }
  for (const { step, change, curvature } of history) {
    addScaled(direction, step, weights.pop()! - dot(change, direction) / curvature)
  }
  return direction
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * source[i]
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
