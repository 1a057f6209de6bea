// One training step: parameters, optimizer state and batch in; new parameters, new state and losses out, as one
// graph, but for the update on CPU (update.ts). Dropout masks are fed, drawn for each step from the seed.

import { f32, type NdArray, ndarray, openRandom, sizeOf } from '../base/index.ts'
import {
  type Arrays,
  chooseProvider,
  type DeviceArray,
  openFastest,
  openSession,
  type SessionOptions,
  stableOptions,
} from '../engine/index.ts'
import { hashBytes } from '../files/index.ts'
import { emitModel, fixedShape, gradients, input, quickenConvolutions, type Value } from '../graph/index.ts'
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
import { addArray, placeArrays, swapArrays, type TrainState } from './state.ts'
import { nameScalar, openUpdater, type RateOf, writeUpdates } from './update.ts'

/** What a step does. */
export interface StepSpec {
  readonly params: ParamSpecs
  readonly optimizer: Optimizer
  /** Which parameters the step trains; statistics aside, all where not given. */
  readonly trains?: (name: string) => boolean
  /** What the learning rate of a parameter is multiplied with; 1 where not given. */
  readonly rateOf?: RateOf
  /** Writes the graph from parameters and batch to the scalar that is minimised, and to what is reported. */
  build(params: ParamValues, pass: TrainingPass): { loss: Value; reports?: Readonly<Record<string, Value>> }
  /** Whether the step is taken, by what it reports; always where not given. Statistics move either way. */
  readonly accepts?: (reports: Arrays) => boolean
}

/** A compiled step. */
export interface TrainingStep {
  /** Hash of everything that decides what the step computes. */
  readonly key: string
  /** Moves `state` one step; returns the loss and the reports (valid until the next run). */
  run(state: TrainState, batch: Arrays, place: StepPlace & { readonly seed: number }): Promise<Arrays>
  close(): Promise<void>
}

/** Where a step runs, and where its update does: in the graph, or after it as a loop (the default on CPU). */
export interface StepOptions extends SessionOptions {
  readonly update?: 'graph' | 'loop'
  /** Whether what changes stays on the device (webgpu) between steps, until fetchArrays. */
  readonly resident?: boolean
  /** Whether its first runs find out how many threads suit it (openFastest), on a processor; false. */
  readonly fastest?: boolean
  /** Whether convolutions are rewritten to need fewer multiplications (quickenConvolutions), for processors; false. */
  readonly quicken?: boolean
}

/** Compiles a step and adds the optimizer's slots to `state`. */
export async function openStep(
  spec: StepSpec,
  state: TrainState,
  options: StepOptions = {},
): Promise<TrainingStep> {
  const { optimizer, params, rateOf = () => 1 } = spec
  const provider = chooseProvider(options.provider)
  const graph = writeStep(spec, options.quicken ?? false)
  const trained = Object.keys(graph.grads)
  for (const name of trained) {
    for (const slot of optimizer.slots) addArray(state, `${slot}/${name}`, params[name].shape)
  }
  const place = options.update ?? (provider === 'cpu' ? 'loop' : 'graph')
  const updater = place === 'loop' ? openUpdater(optimizer, params, trained, state, rateOf) : undefined
  const updates = updater ? {} : writeUpdates(optimizer, params, graph.params, graph.grads, rateOf)
  const changes = { ...graph.changes, ...updates }
  const changed = Object.keys(changes)
  const outputs = {
    ...rename(changes, nameNext),
    ...(updater ? rename(graph.grads, nameGrad) : {}),
    ...graph.reports,
  }
  const bytes = emitModel(outputs)
  const kept = options.resident ? changed.map(nameNext) : []
  const settings = stableOptions(outputs, { ...options, provider, kept })
  const isMeasured = provider === 'cpu' && options.fastest
  const session = await (isMeasured ? openFastest : openSession)(bytes, settings)
  const fed = session.inputs.map(({ name }) => name)
  const masks = openMasks(graph.masks)
  const factors = trained.map(rateOf)
  const scalars = openScalars(optimizer, new Set(factors))
  const reports = makeArrays(graph.reports)
  const fixedOutputs = { ...reports, ...rename(updater?.grads ?? {}, nameGrad) }
  return {
    key: hashBytes(
      [
        hashBytes(bytes),
        optimizer.name,
        JSON.stringify([graph.masks, optimizer.scalars(2, 1), factors]),
      ].join(),
    ),
    async run(current, batch, { step, learningRate, seed }) {
      masks.draw(seed, step)
      const values = scalars.set(step, learningRate)
      const feeds: Record<string, NdArray | DeviceArray> = {}
      for (const name of fed) {
        feeds[name] =
          batch[name] ??
          masks.arrays[name] ??
          scalars.arrays[name] ??
          current.device[name] ??
          current.front[name]
      }
      if (options.resident) {
        const made = await session.runKept(feeds, fixedOutputs)
        const isAccepted = spec.accepts?.(reports) ?? true
        const next = changed.filter((key) => isAccepted || key in graph.changes)
        placeArrays(current, Object.fromEntries(next.map((key) => [key, made[nameNext(key)]])))
        for (const key of changed) if (!next.includes(key)) made[nameNext(key)].handle.dispose()
        return reports
      }
      const into: Record<string, NdArray> = { ...fixedOutputs }
      for (const key of changed) into[nameNext(key)] = current.back[key]
      await session.run(feeds, into)
      const isAccepted = spec.accepts?.(reports) ?? true
      swapArrays(current, isAccepted ? changed : Object.keys(graph.changes))
      if (isAccepted) updater?.update(values)
      return reports
    },
    close: () => session.close(),
  }
}

// An output may not have the name of the input it replaces.
function nameNext(key: string): string {
  return `next/${key}`
}

function nameGrad(name: string): string {
  return `grad/${name}`
}

function rename<T>(record: Readonly<Record<string, T>>, change: (name: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, item]) => [change(name), item]))
}

interface StepGraph {
  readonly params: ParamValues
  /** Gradients of the trained parameters, by name. */
  readonly grads: Readonly<Record<string, Value>>
  /** New statistics by their key in the state. */
  readonly changes: Readonly<Record<string, Value>>
  readonly reports: Readonly<Record<string, Value>>
  readonly masks: readonly MaskSpec[]
}

function writeStep({ params, build, trains = () => true }: StepSpec, quicken: boolean): StepGraph {
  const values = Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => [name, input(`param/${name}`, shape)]),
  )
  const pass = openTrainingPass()
  const built = build(values, pass)
  const reported = { loss: built.loss, ...built.reports }
  const changed = rename(Object.fromEntries(pass.updates), (name) => `param/${name}`)
  const plain: Record<string, Value> = { ...reported, ...changed }
  const written = quicken ? quickenConvolutions(plain) : plain
  const pick = (some: object) => Object.fromEntries(Object.keys(some).map((name) => [name, written[name]]))
  const trained = Object.keys(params).filter((name) => params[name].role !== 'statistic' && trains(name))
  const found = gradients(
    written.loss,
    trained.map((name) => values[name]),
  )
  const grads = Object.fromEntries(trained.map((name, i) => [name, found[i]]))
  return { params: values, grads, changes: pick(changed), reports: pick(reported), masks: pass.masks }
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

// The optimizer's scalars for each factor on the learning rate, as numbers and as arrays to feed.
function openScalars(optimizer: Optimizer, factors: ReadonlySet<number>) {
  const arrays: Record<string, NdArray<'f32'>> = {}
  return {
    arrays,
    set(step: number, learningRate: number): ReadonlyMap<number, StepScalars> {
      const values = new Map<number, StepScalars>()
      for (const factor of factors) {
        const scalars = optimizer.scalars(step, learningRate * factor)
        values.set(factor, scalars)
        for (const [name, value] of Object.entries(scalars)) {
          const key = nameScalar(name, factor)
          arrays[key] ??= f32([])
          arrays[key].data[0] = value
        }
      }
      return values
    },
  }
}
