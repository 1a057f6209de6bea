// What a learned method's networks are made of, read off their graphs: for a drawing that shows what runs.

import { input, sortValues, type Value } from '../../graph/index.ts'
import { patchGan } from '../../models/index.ts'
import { inferencePass, type Model } from '../../nn/index.ts'
import { buildGan } from './buildGan.ts'
import type { GanOptions } from './ganOptions.ts'

/** A convolution of a network. */
export interface DrawnLayer {
  readonly kind: 'convolution' | 'transposed'
  /** Its weight's name in checkpoints. */
  readonly name: string
  readonly kernel: number
  readonly inputs: number
  readonly outputs: number
  /** Side of what comes out, for images of the training's side. */
  readonly side: number
  /** The place in the list of whose result it is added to, or joined with; null for none. */
  readonly joins: number | null
}

/** The convolutions of both networks, in the order they run. */
export interface Architecture {
  readonly generator: readonly DrawnLayer[]
  readonly discriminator: readonly DrawnLayer[]
}

/** The convolutions of generator and discriminator in the order they run, on images of `side` pixels. */
export function drawArchitecture(options: GanOptions, side: number): Architecture {
  return {
    generator: listLayers(buildGan(options).generator, side),
    discriminator: listLayers(patchGan({ ...options.discriminator, spectral: false }), side),
  }
}

function listLayers({ params, apply }: Model, side: number): DrawnLayer[] {
  const names = new Map<Value, string>()
  const values = Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => {
      const value = input(name, [...shape])
      names.set(value, name)
      return [name, value]
    }),
  )
  const order = sortValues([apply(values, input('images', [1, 3, side, side]), inferencePass)])
  const isNamed = (value: Value) => names.get(value)?.endsWith('.weight') ?? false
  const convolutions = order.filter((value) => /^conv/.test(value.op) && value.inputs.some(isNamed))
  const joins = findJoins(order, convolutions)
  return convolutions.map((value, i) => {
    const weight = value.inputs.find(isNamed)!
    const [a, b, kernel] = weight.shape as number[]
    const isTransposed = value.op !== 'conv'
    return {
      kind: isTransposed ? 'transposed' : 'convolution',
      name: names.get(weight)!,
      kernel,
      inputs: isTransposed ? a : b,
      outputs: isTransposed ? b : a,
      side: value.shape[2] as number,
      joins: joins.get(i) ?? null,
    }
  })
}

// For each convolution whose result meets that of an earlier one, the earlier one's place.
function findJoins(order: readonly Value[], convolutions: readonly Value[]): ReadonlyMap<number, number> {
  const places = new Map(convolutions.map((value, i) => [value, i]))
  const latest = new Map<Value, number>() // the last convolution that a value depends on
  const joins = new Map<number, number>()
  for (const value of order) {
    const before = value.inputs.map((from) => latest.get(from)!)
    latest.set(value, places.get(value) ?? Math.max(-1, ...before))
    const [earlier, later] = before.sort((a, b) => a - b)
    if (isJoin(value) && earlier >= 0 && earlier < later) joins.set(later, earlier)
  }
  return joins
}

// A sum or a joint of two images, not of an image and numbers a channel.
function isJoin({ op, inputs, shape }: Value): boolean {
  const isImage = (value: Value) => value.shape[2] === shape[2] && Number(shape[2]) > 1
  return (op === 'add' || op === 'concat') && inputs.length === 2 && inputs.every(isImage)
}
