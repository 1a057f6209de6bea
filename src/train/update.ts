// The optimizer's part of a step, in one of two places: inside the graph (GPU), or after it as one SIMD loop over
// all parameters (CPU, where ONNX Runtime would pass over memory once an op). Both run the optimizer's one formula.

import { type NdArray, ShapeError, sizeOf } from '../base/index.ts'
import { type KernelMemory, openKernelMemory } from '../engine/index.ts'
import { emitKernel, input, type Value } from '../graph/index.ts'
import type { Optimizer, ParamSpecs, StepScalars } from '../nn/index.ts'
import type { TrainState } from './state.ts'

/** Where a step's gradients go, and what is done with them. */
export interface Updater {
  /** Gradients by parameter name: views for the graph to write into. */
  readonly grads: Readonly<Record<string, NdArray<'f32'>>>
  /** Moves parameters and slots by the present gradients; `scalars` by the factor on the learning rate. */
  update(scalars: ReadonlyMap<number, StepScalars>): void
}

/** By parameter name, what its learning rate is multiplied with. */
export type RateOf = (name: string) => number

/** The name of a scalar as the graph's input; parameters with the same factor on the learning rate share it. */
export function nameScalar(name: string, factor: number): string {
  return factor === 1 ? `scalar/${name}` : `scalar/${name}*${factor}`
}

/** Writes the update of every trained parameter into the graph: new values by their key in the state. */
export function writeUpdates(
  optimizer: Optimizer,
  specs: ParamSpecs,
  params: Readonly<Record<string, Value>>,
  grads: Readonly<Record<string, Value>>,
  rateOf: RateOf,
): Record<string, Value> {
  const byFactor = new Map<number, Record<string, Value>>()
  const changes: Record<string, Value> = {}
  for (const [name, grad] of Object.entries(grads)) {
    const { shape, role } = specs[name]
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, input(`${slot}/${name}`, shape)]))
    const factor = rateOf(name)
    if (!byFactor.has(factor)) byFactor.set(factor, writeScalars(optimizer, factor))
    const updated = optimizer.update({
      param: params[name],
      grad,
      slots,
      scalars: byFactor.get(factor)!,
      decays: optimizer.decays(role),
    })
    changes[`param/${name}`] = updated.param
    for (const [slot, value] of Object.entries(updated.slots)) changes[`${slot}/${name}`] = value
  }
  return changes
}

function writeScalars(optimizer: Optimizer, factor = 1): Record<string, Value> {
  const names = Object.keys(optimizer.scalars(1, optimizer.learningRate))
  return Object.fromEntries(names.map((name) => [name, input(nameScalar(name, factor), [])]))
}

/**
 * Moves the state's trained arrays into one memory, group by group of those that decay alike and share a factor on
 * the learning rate, and compiles the update of each. Afterwards the arrays of `state.front` are views that change in place.
 */
export function openUpdater(
  optimizer: Optimizer,
  specs: ParamSpecs,
  trained: readonly string[],
  state: TrainState,
  rateOf: RateOf,
): Updater {
  const regions = ['param', ...optimizer.slots, 'grad']
  const groups = groupParams(optimizer, specs, trained, rateOf)
  // Kernels take four elements at a time; the padding between arrays stays zero under any update of zeros.
  const padded = (name: string) => Math.ceil(sizeOf(specs[name].shape) / 4) * 4
  const total = (names: readonly string[]) => names.reduce((sum, name) => sum + padded(name), 0)
  const memory = openKernelMemory(regions.length, total(trained))
  const grads: Record<string, NdArray<'f32'>> = {}
  let start = 0
  for (const name of groups.flatMap(({ names }) => names)) {
    const { shape } = specs[name]
    regions.forEach((region, i) => {
      const view = memory.view(i, start, shape)
      if (region === 'grad') grads[name] = view
      else moveArray(state, `${region}/${name}`, view)
    })
    start += padded(name)
  }
  const runs = [true, false].map((decays) => openGroup(optimizer, memory, regions, decays))
  return {
    grads,
    update(scalars) {
      let from = 0
      for (const { names, decays, factor } of groups) {
        const count = total(names)
        runs[decays ? 0 : 1](from, count, scalars.get(factor)!)
        from += count
      }
    },
  }
}

interface ParamGroup {
  readonly decays: boolean
  readonly factor: number
  readonly names: readonly string[]
}

function groupParams(
  optimizer: Optimizer,
  specs: ParamSpecs,
  trained: readonly string[],
  rateOf: RateOf,
): ParamGroup[] {
  const groups = new Map<string, ParamGroup & { names: string[] }>()
  for (const name of trained) {
    const decays = optimizer.decays(specs[name].role)
    const factor = rateOf(name)
    const key = `${decays} ${factor}`
    if (!groups.has(key)) groups.set(key, { decays, factor, names: [] })
    groups.get(key)!.names.push(name)
  }
  return [...groups.values()]
}

function moveArray(state: TrainState, key: string, view: NdArray<'f32'>): void {
  if (state.shared.has(key)) {
    throw new ShapeError({ where: key, expected: 'a parameter trained by one step', got: 'by two' })
  }
  state.shared.add(key)
  view.data.set(state.front[key].data)
  state.front[key] = view
  delete state.back[key]
}

function openGroup(optimizer: Optimizer, memory: KernelMemory, regions: readonly string[], decays: boolean) {
  const flat = (name: string) => input(name, ['elements'])
  const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, flat(slot)]))
  const scalars = writeScalars(optimizer)
  const updated = optimizer.update({ param: flat('param'), grad: flat('grad'), slots, scalars, decays })
  const outputs = { param: updated.param, ...updated.slots }
  const kernel = emitKernel(outputs)
  const run = memory.open(kernel.bytes)
  const used = kernel.arrays.map((name) => regions.indexOf(name))
  return (start: number, count: number, values: StepScalars) =>
    run(
      used,
      start,
      count,
      kernel.scalars.map((name) => values[name.slice('scalar/'.length)]),
    )
}
