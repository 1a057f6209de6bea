// What training changes: parameters and the optimizer's slots. An array that a graph changes has a twin: the graph
// reads one and writes the other, as it may not overwrite what it still reads.

import { f32, type NdArray, openRandom, WeightsError } from '../base/index.ts'
import { type Arrays, type DeviceArray, readDeviceArrays, type SessionOptions } from '../engine/index.ts'
import type { ParamSpecs } from '../nn/index.ts'

/** Parameters as `param/<name>`, optimizer slots as `<slot>/<name>`. */
export interface TrainState {
  /** The present values. */
  readonly front: Record<string, NdArray<'f32'>>
  /** Where the next values of arrays that do not change in place go. */
  readonly back: Record<string, NdArray<'f32'>>
  /** Keys of arrays that lie in the memory of a step's updater and change in place. */
  readonly shared: Set<string>
  /** Present values that lie on a device; `front` has older ones until they are fetched. */
  readonly device: Record<string, DeviceArray>
}

/** First values for every parameter, each from its own random stream, so that one layer more changes no other. */
export function initParams(specs: ParamSpecs, seed: number): Record<string, NdArray<'f32'>> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape, init }]) => [
      name,
      f32(shape, init(shape, openRandom(seed, 'init', name))),
    ]),
  )
}

/** A state that begins with `params` (copied). Throws WeightsError where one is missing or misshapen. */
export function openState(specs: ParamSpecs, params: Readonly<Record<string, NdArray>>): TrainState {
  const state: TrainState = { front: {}, back: {}, shared: new Set(), device: {} }
  for (const [name, { shape }] of Object.entries(specs)) {
    const given = params[name]
    if (given?.dtype !== 'f32' || `${given.shape}` !== `${shape}`) {
      const got = given ? `${given.dtype} [${given.shape}]` : 'nothing'
      throw new WeightsError({ where: name, expected: `f32 [${shape}]`, got })
    }
    addArray(state, `param/${name}`, shape, given.data as Float32Array)
  }
  return state
}

/** Adds an array (zeros where no values are given) unless it is there already. */
export function addArray(
  state: TrainState,
  key: string,
  shape: readonly number[],
  values?: Float32Array,
): void {
  if (key in state.front) return
  state.front[key] = f32(shape, values?.slice())
  state.back[key] = f32(shape)
}

/** Makes the values just written the present ones. */
export function swapArrays(state: TrainState, keys: Iterable<string>): void {
  for (const key of keys) {
    const written = state.back[key]
    state.back[key] = state.front[key]
    state.front[key] = written
  }
}

/** Makes arrays on a device the present values, in place of those that were there. */
export function placeArrays(state: TrainState, arrays: Readonly<Record<string, DeviceArray>>): void {
  for (const [key, array] of Object.entries(arrays)) {
    state.device[key]?.handle.dispose()
    state.device[key] = array
  }
}

/** Copies what lies on the device to `front`. */
export async function fetchArrays(state: TrainState, options: SessionOptions): Promise<void> {
  for (const [key, { data }] of Object.entries(await readDeviceArrays(state.device, options))) {
    state.front[key].data.set(data)
  }
}

/** Gives back what lies on the device. */
export function releaseArrays(state: TrainState): void {
  for (const [key, { handle }] of Object.entries(state.device)) {
    handle.dispose()
    delete state.device[key]
  }
}

/** Copies of all present values, or of those whose key begins with `prefix`, without it. */
export function copyArrays(state: TrainState, prefix = ''): Record<string, NdArray<'f32'>> {
  const copies: Record<string, NdArray<'f32'>> = {}
  for (const [key, { shape, data }] of Object.entries(state.front)) {
    if (key.startsWith(prefix)) copies[key.slice(prefix.length)] = f32(shape, data.slice())
  }
  return copies
}

/** Takes back what copyArrays gave. Throws WeightsError where the arrays are not the state's own. */
export function restoreArrays(state: TrainState, arrays: Arrays): void {
  const expected = Object.keys(state.front)
  if (expected.some((key) => !(key in arrays)) || Object.keys(arrays).length !== expected.length) {
    throw new WeightsError({
      where: 'checkpoint',
      expected: expected.join(),
      got: Object.keys(arrays).join(),
    })
  }
  for (const key of expected) state.front[key].data.set(arrays[key].data as Float32Array)
  releaseArrays(state)
}
