// One training step as one graph: parameters, optimizer state and batch in; new parameters, new state and losses
// out. Dropout masks are fed, drawn for each step from the seed.

import { f32, type NdArray, ndarray, openRandom, sizeOf } from '../base/index.ts'
import { type Arrays, openSession, type SessionOptions } from '../engine/index.ts'
import { hashBytes } from '../formats/index.ts'
import { emitModel, fixedShape, gradients, input, type Value } from '../graph/index.ts'
import {
  type MaskSpec,
  type Optimizer,
  openTrainingPass,
  type ParamSpecs,
  type ParamValues,
  type StepScalars,
  type TrainingPass,
} from '../nn/index.ts'
import type { StepPlace } from './loop.ts'
import { fillMask } from './masks.ts'
import { addArray, swapArrays, type TrainState } from './state.ts'

/** What a step does. */
export interface StepSpec {
  readonly params: ParamSpecs
  readonly optimizer: Optimizer
  /** Which parameters the step trains; statistics aside, all where not given. */
  readonly trains?: (name: string) => boolean
  /** Writes the graph from parameters and batch to the scalar that is minimised, and to what is reported. */
  build(params: ParamValues, pass: TrainingPass): { loss: Value; reports?: Readonly<Record<string, Value>> }
}

/** A compiled step. */
export interface TrainingStep {
  /** Hash of everything that decides what the step computes. */
  readonly key: string
  /** Moves `state` one step; returns the loss and the reports (valid until the next run). */
  run(state: TrainState, batch: Arrays, place: StepPlace & { readonly seed: number }): Promise<Arrays>
  close(): Promise<void>
}

/** Compiles a step and adds the optimizer's slots to `state`. */
export async function openStep(
  spec: StepSpec,
  state: TrainState,
  options: SessionOptions = {},
): Promise<TrainingStep> {
  const { optimizer } = spec
  const graph = writeStep(spec)
  for (const name of graph.trained) {
    for (const slot of optimizer.slots) addArray(state, `${slot}/${name}`, spec.params[name].shape)
  }
  const changed = Object.keys(graph.changes)
  const outputs = Object.fromEntries(changed.map((key) => [nameNext(key), graph.changes[key]]))
  const bytes = emitModel({ ...outputs, ...graph.reports })
  const session = await openSession(bytes, options)
  const fed = session.inputs.map(({ name }) => name)
  const masks = openMasks(graph.masks)
  const scalars = openScalars(Object.keys(optimizer.scalars(1, optimizer.learningRate)))
  const reports = makeArrays(graph.reports)
  return {
    key: hashBytes([hashBytes(bytes), JSON.stringify([graph.masks, optimizer.scalars(2, 1)])].join()),
    async run(current, batch, { step, learningRate, seed }) {
      masks.draw(seed, step)
      scalars.set(optimizer.scalars(step, learningRate))
      const feeds: Record<string, NdArray> = {}
      for (const name of fed) {
        feeds[name] = batch[name] ?? masks.arrays[name] ?? scalars.arrays[name] ?? current.front[name]
      }
      const into: Record<string, NdArray> = { ...reports }
      for (const key of changed) into[nameNext(key)] = current.back[key]
      await session.run(feeds, into)
      swapArrays(current, changed)
      return reports
    },
    close: () => session.close(),
  }
}

// An output may not have the name of the input it replaces.
function nameNext(key: string): string {
  return `next/${key}`
}

interface StepGraph {
  readonly trained: readonly string[]
  /** New values by their key in the state. */
  readonly changes: Readonly<Record<string, Value>>
  readonly reports: Readonly<Record<string, Value>>
  readonly masks: readonly MaskSpec[]
}

function writeStep({ params, optimizer, build, trains = () => true }: StepSpec): StepGraph {
  const values = Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => [name, input(`param/${name}`, shape)]),
  )
  const pass = openTrainingPass()
  const { loss, reports = {} } = build(values, pass)
  const trained = Object.keys(params).filter((name) => params[name].role !== 'statistic' && trains(name))
  const grads = gradients(
    loss,
    trained.map((name) => values[name]),
  )
  const scalarNames = Object.keys(optimizer.scalars(1, optimizer.learningRate))
  const scalars = Object.fromEntries(scalarNames.map((name) => [name, input(`scalar/${name}`, [])]))
  const changes: Record<string, Value> = {}
  trained.forEach((name, i) => {
    const { shape, role } = params[name]
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, input(`${slot}/${name}`, shape)]))
    const decays = optimizer.decays(role)
    const updated = optimizer.update({ param: values[name], grad: grads[i], slots, scalars, decays })
    changes[`param/${name}`] = updated.param
    for (const [slot, value] of Object.entries(updated.slots)) changes[`${slot}/${name}`] = value
  })
  for (const [name, value] of pass.updates) changes[`param/${name}`] = value
  return { trained, changes, reports: { loss, ...reports }, masks: pass.masks }
}

function makeArrays(values: Readonly<Record<string, Value>>): Record<string, NdArray<'f32'>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, f32(fixedShape(`report '${name}'`, value))]),
  )
}

function openMasks(specs: readonly MaskSpec[]) {
  const arrays = Object.fromEntries(
    specs.map(({ name, shape }) => [name, ndarray('bool', shape, new Uint8Array(sizeOf(shape)))]),
  )
  return {
    arrays,
    draw(seed: number, step: number) {
      for (const { name, keep } of specs) fillMask(arrays[name].data, keep, openRandom(seed, name, step))
    },
  }
}

function openScalars(names: readonly string[]) {
  const arrays = Object.fromEntries(names.map((name) => [`scalar/${name}`, f32([])]))
  return {
    arrays,
    set(values: StepScalars) {
      for (const name of names) arrays[`scalar/${name}`].data[0] = values[name]
    },
  }
}
