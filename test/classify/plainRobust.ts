// Robust training written plainly, in float64: one hidden layer, gradients by hand, Adam. It shares with the product the
// first values of parameters and the random streams, nothing else.

import { openRandom } from '../../src/base/index.ts'
import type { RobustOptions } from '../../src/classify/index.ts'

type Matrix = readonly (readonly number[])[]

/** Weights [outputs][inputs] and biases of a linear layer. */
export interface Layer {
  readonly weight: number[][]
  readonly bias: number[]
}

/** What is trained: the classifier's two layers and the adversary's two. */
export type Layers = Readonly<Record<'hidden' | 'output' | 'against' | 'domains', Layer>>

/** Rows in the order of their content, all of which make one batch. */
export interface PlainTask {
  readonly x: Matrix
  readonly y: readonly number[]
  /** Numbered as the product numbers them. */
  readonly centers: readonly number[]
  readonly target?: Matrix
  readonly options: RobustOptions
  readonly learningRate: number
  readonly seed: number
}

/** Trains `layers` in place for so many steps, each an epoch. */
export function trainPlainly(layers: Layers, task: PlainTask, steps: number): void {
  const centers = new Set(task.centers).size
  let weights: number[] = Array(centers).fill(1 / centers)
  const adam = openAdam(layers, task.learningRate)
  for (let step = 1; step <= steps; step++) {
    const batch = drawBatch(task, step, centers)
    const inputs = [...batch.x, ...batch.target]
    const before = forward(inputs, layers.hidden)
    const features = before.map((row) => row.map((value) => Math.max(value, 0)))
    const logits = forward(features.slice(0, batch.x.length), layers.output).map(([logit]) => logit)

    const losses = logits.map((z, i) => Math.log(1 + Math.exp(z)) - z * batch.y[i])
    const counts = sumColumns(batch.members)
    const means = counts.map(
      (count, center) => sum(losses.map((loss, i) => loss * batch.members[i][center])) / count,
    )
    const { groupDro, adversarial } = task.options
    let shares = losses.map(() => 1 / losses.length)
    if (groupDro > 0) {
      const raised = weights.map((weight, center) => weight * Math.exp(groupDro * means[center]))
      weights = raised.map((weight) => weight / sum(raised))
      shares = batch.members.map((row) =>
        sum(row.map((member, center) => (weights[center] * member) / counts[center])),
      )
    }
    const slopes = logits.map((z, i) => [shares[i] * (1 / (1 + Math.exp(-z)) - batch.y[i])])
    const output = backward(features.slice(0, slopes.length), layers.output, slopes)
    const grads: Partial<Record<keyof Layers, Layer>> = { output }
    const intoFeatures = features.map((row, i) => output.inputs[i]?.slice() ?? row.map(() => 0))
    if (adversarial > 0) {
      const inner = forward(features, layers.against)
      const active = inner.map((row) => row.map((value) => Math.max(value, 0)))
      const scores = forward(active, layers.domains).map(softmax)
      const isOf = (i: number, domain: number) =>
        batch.members[i]?.[domain] ?? Number(i >= losses.length && domain === centers)
      const wrong = scores.map((row, i) =>
        row.map((share, domain) => (share - isOf(i, domain)) / scores.length),
      )
      const domains = backward(active, layers.domains, wrong)
      const against = backward(features, layers.against, gate(domains.inputs, inner))
      const progress = (step - 1) / 20
      const weight = adversarial * (2 / (1 + Math.exp(-10 * progress)) - 1)
      for (const [i, row] of intoFeatures.entries())
        for (const j of row.keys()) row[j] -= weight * against.inputs[i][j]
      Object.assign(grads, { domains, against })
    }
    grads.hidden = backward(inputs, layers.hidden, gate(intoFeatures, before))
    adam(grads)
  }
}

function drawBatch({ x, y, centers, target, options, seed }: PlainTask, step: number, count: number) {
  const order = openRandom(seed, 'order', step).permutation(x.length)
  const rows = Array.from(order)
  const members = rows.map((row) =>
    Array.from({ length: count }, (_, center) => Number(centers[row] === center)),
  )
  const beside = target ? Math.round(x.length / count) : 0
  const batch = {
    x: rows.map((row) => x[row]),
    y: rows.map((row) => y[row]),
    members: members as Matrix,
    target: Array.from({ length: beside }, (_, i) => {
      const place = (step - 1) * beside + i
      const round = Math.floor(place / target!.length)
      return target![
        openRandom(seed, 'unlabelled', round).permutation(target!.length)[place % target!.length]
      ]
    }) as Matrix,
  }
  if (options.mixup === 0) return batch
  const random = openRandom(seed, 'mixup', step)
  let [u, v] = [1, 1]
  while (u + v > 1) [u, v] = [0, 0].map(() => (1 - random.uniform()) ** (1 / options.mixup))
  const share = u / (u + v)
  const mix = (matrix: Matrix, partners: Uint32Array) =>
    matrix.map((row, i) => row.map((value, j) => share * value + (1 - share) * matrix[partners[i]][j]))
  const partners = random.permutation(x.length)
  return {
    x: mix(batch.x, partners),
    y: mix(
      batch.y.map((label) => [label]),
      partners,
    ).map(([label]) => label),
    members: mix(batch.members, partners),
    target: mix(batch.target, random.permutation(beside)),
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

function sumColumns(matrix: Matrix): number[] {
  return matrix[0].map((_, column) => sum(matrix.map((row) => row[column])))
}

function softmax(row: readonly number[]): number[] {
  const powers = row.map(Math.exp)
  return powers.map((power) => power / sum(powers))
}

// The gradient behind a ReLU.
function gate(grads: Matrix, before: Matrix): Matrix {
  return grads.map((row, i) => row.map((value, j) => (before[i][j] > 0 ? value : 0)))
}

function forward(x: Matrix, { weight, bias }: Layer): Matrix {
  return x.map((row) => weight.map((line, out) => bias[out] + sum(line.map((value, i) => value * row[i]))))
}

function backward(x: Matrix, { weight }: Layer, grads: Matrix): Layer & { readonly inputs: number[][] } {
  return {
    weight: weight.map((line, out) => line.map((_, i) => sum(x.map((row, n) => row[i] * grads[n][out])))),
    bias: sumColumns(grads),
    inputs: grads.map((row) => weight[0].map((_, i) => sum(row.map((value, out) => value * weight[out][i])))),
  }
}

// Kingma & Ba 2015, algorithm 1, with its constants.
function openAdam(layers: Layers, rate: number) {
  const slots = new Map<number[], { mean: number; square: number }[]>()
  let step = 0
  const move = (values: number[], grads: readonly number[]) => {
    const kept = slots.get(values) ?? values.map(() => ({ mean: 0, square: 0 }))
    slots.set(values, kept)
    for (const [i, grad] of grads.entries()) {
      kept[i].mean = 0.9 * kept[i].mean + 0.1 * grad
      kept[i].square = 0.999 * kept[i].square + 0.001 * grad ** 2
      values[i] -=
        (rate * kept[i].mean) / (1 - 0.9 ** step) / (Math.sqrt(kept[i].square / (1 - 0.999 ** step)) + 1e-8)
    }
  }
  return (grads: Partial<Record<keyof Layers, Layer>>) => {
    step++
    for (const [name, { weight, bias }] of Object.entries(grads) as [keyof Layers, Layer][]) {
      weight.forEach((line, out) => void move(layers[name].weight[out], line))
      move(layers[name].bias, bias)
    }
  }
}
