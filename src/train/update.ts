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
  /** Moves parameters and slots by the present gradients. */
  update(scalars: StepScalars): void
}

/** Writes the update of every trained parameter into the graph: new values by their key in the state. */
export function writeUpdates(
  optimizer: Optimizer,
  specs: ParamSpecs,
  params: Readonly<Record<string, Value>>,
  grads: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const scalars = writeScalars(optimizer)
  const changes: Record<string, Value> = {}
  for (const [name, grad] of Object.entries(grads)) {
    const { shape, role } = specs[name]
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, input(`${slot}/${name}`, shape)]))
    const updated = optimizer.update({
      param: params[name],
      grad,
      slots,
      scalars,
      decays: optimizer.decays(role),
    })
    changes[`param/${name}`] = updated.param
    for (const [slot, value] of Object.entries(updated.slots)) changes[`${slot}/${name}`] = value
  }
  return changes
}

function writeScalars(optimizer: Optimizer): Record<string, Value> {
  const names = Object.keys(optimizer.scalars(1, optimizer.learningRate))
  return Object.fromEntries(names.map((name) => [name, input(`scalar/${name}`, [])]))
}

/**
 * Moves the state's trained arrays into one memory, those that decay first, and compiles the update for both
 * groups. Afterwards the arrays of `state.front` are views that change in place.
 */
export function openUpdater(
  optimizer: Optimizer,
  specs: ParamSpecs,
  trained: readonly string[],
  state: TrainState,
): Updater {
  const regions = ['param', ...optimizer.slots, 'grad']
  const decaying = trained.filter((name) => optimizer.decays(specs[name].role))
  const others = trained.filter((name) => !decaying.includes(name))
  // Kernels take four elements at a time; the padding between arrays stays zero under any update of zeros.
  const padded = (name: string) => Math.ceil(sizeOf(specs[name].shape) / 4) * 4
  const total = (names: readonly string[]) => names.reduce((sum, name) => sum + padded(name), 0)
  const memory = openKernelMemory(regions.length, total(trained))
  const grads: Record<string, NdArray<'f32'>> = {}
  let start = 0
  for (const name of [...decaying, ...others]) {
    const { shape } = specs[name]
    regions.forEach((region, i) => {
      const view = memory.view(i, start, shape)
      if (region === 'grad') grads[name] = view
      else moveArray(state, `${region}/${name}`, view)
    })
    start += padded(name)
  }
  const groups = [
    { start: 0, count: total(decaying), run: openGroup(optimizer, memory, regions, true) },
    { start: total(decaying), count: total(others), run: openGroup(optimizer, memory, regions, false) },
  ]
  return {
    grads,
    update(scalars) {
      for (const { start, count, run } of groups) run(start, count, scalars)
    },
  }
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
