// Low-rank adapters: a frozen matrix W is used as W + (alpha / rank) B A, and only A and B are trained.
// Source: Hu et al. 2022 (LoRA), equation 3; first values as theirs: A random, B zero, so that training begins at W.

import { f32, type NdArray } from '../base/index.ts'
import * as g from '../graph/index.ts'
import { fanInUniform, fill } from './initializers.ts'
import type { Model, ParamSpecs, ParamValues } from './model.ts'

/** The form of the adapters. */
export interface LoraOptions {
  /** Rows of A and columns of B, 1 or more. */
  readonly rank: number
  /** The product B A counts alpha / rank times. */
  readonly alpha: number
  /** Which matrices [outputs, inputs] are adapted, by parameter name. */
  readonly adapts: (name: string) => boolean
}

/** A model with adapters: parameters `<name>.lora_a` [rank, inputs] and `<name>.lora_b` [outputs, rank] join its own. */
export function adaptModel(model: Model, options: LoraOptions): Model {
  const names = listAdapted(model.params, options)
  const adapters: ParamSpecs = Object.fromEntries(
    names.flatMap((name) => {
      const [outputs, inputs] = model.params[name].shape
      return [
        [nameA(name), { shape: [options.rank, inputs], role: 'weight', init: fanInUniform(inputs) }],
        [nameB(name), { shape: [outputs, options.rank], role: 'weight', init: fill(0) }],
      ] as const
    }),
  )
  return {
    params: { ...model.params, ...adapters },
    apply: (values, x, pass) => model.apply({ ...values, ...writeMerged(values, names, options) }, x, pass),
  }
}

/** Whether a parameter is an adapter's. */
export function isAdapter(name: string): boolean {
  return name.endsWith('.lora_a') || name.endsWith('.lora_b')
}

function writeMerged(
  values: ParamValues,
  names: readonly string[],
  { rank, alpha }: LoraOptions,
): ParamValues {
  return Object.fromEntries(
    names.map((name) => {
      const product = g.matmul(values[nameB(name)], values[nameA(name)])
      return [name, g.add(values[name], g.mul(product, alpha / rank))]
    }),
  )
}

/** The model's own parameters with the adapters' products added to them: what is used once training is over. */
export function mergeAdapters(
  params: Readonly<Record<string, NdArray<'f32'>>>,
  { rank, alpha }: LoraOptions,
): Record<string, NdArray<'f32'>> {
  const merged: Record<string, NdArray<'f32'>> = {}
  for (const [name, array] of Object.entries(params)) {
    if (isAdapter(name)) continue
    const [a, b] = [params[nameA(name)], params[nameB(name)]]
    merged[name] = a && b ? addProduct(array, b.data, a.data, rank, alpha / rank) : array
  }
  return merged
}

function addProduct(
  { shape, data }: NdArray<'f32'>,
  b: Float32Array,
  a: Float32Array,
  rank: number,
  scale: number,
): NdArray<'f32'> {
  const [outputs, inputs] = shape
  const sum = Float64Array.from(data)
  for (let row = 0; row < outputs; row++) {
    for (let k = 0; k < rank; k++) {
      const factor = scale * b[row * rank + k]
      for (let column = 0; column < inputs; column++) {
        sum[row * inputs + column] += factor * a[k * inputs + column]
      }
    }
  }
  return f32(shape, sum)
}

function listAdapted(params: ParamSpecs, { adapts }: LoraOptions): string[] {
  return Object.keys(params).filter((name) => params[name].shape.length === 2 && adapts(name))
}

function nameA(name: string): string {
  return `${name}.lora_a`
}

function nameB(name: string): string {
  return `${name}.lora_b`
}
