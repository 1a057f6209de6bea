// cyclegan_* and multistain_*: generators and discriminators, spectral normalisation, losses, image pool, colour
// jitter and whole training steps against the reference repositories. Everything is derived from config.json and the
// tensors' names and shapes.

import { join } from 'node:path'
import { DataError, type NdArray } from '../src/base/index.ts'
import { readNpyFile } from '../src/files/index.ts'
import { constant, input, type Value } from '../src/graph/index.ts'
import { patchGan, resnetGenerator, unetGenerator } from '../src/models/index.ts'
import { inferencePass, type Model, openTrainingPass, type ParamValues, type Stack } from '../src/nn/index.ts'
import { compareArrays } from './compare.ts'
import { checkJitter, checkLossesAndPool } from './ganParts.ts'
import { checkStep } from './ganStep.ts'
import type { ConformanceResult } from './result.ts'
import { runGraph } from './runGraph.ts'
import { type Config, readConfig, readInputs, readTensors } from './vitFixture.ts'

const output = { atol: 1e-5 }
const intermediate = { atol: 5e-5 }

/** Runs whatever a fixture is of and compares each quantity it gives. Throws DataError for no such fixture. */
export async function checkGan(folder: string): Promise<ConformanceResult[]> {
  const config = await readConfig(folder)
  if (config.losses_f64_per_step) return checkStep(folder, config)
  if (config.gan_loss || config.image_pool) return checkLossesAndPool(folder, config)
  if (config.runs) return checkJitter(folder, config)
  if (config.spectral_norm) return checkSpectral(folder, config)
  if (config.kind) return checkNetwork(folder, config)
  throw new DataError({ where: folder, expected: 'a fixture of a GAN', got: Object.keys(config).join() })
}

function buildNetwork(config: Config, tensors: Readonly<Record<string, NdArray>>): Model {
  const hyper = config.hyper_parameters
  if (hyper.norm !== 'instance')
    throw new DataError({ where: config.name, expected: 'norm instance', got: hyper.norm })
  const inputs = hyper.input_nc
  const outputs = hyper.output_nc
  if ('n_blocks' in hyper) {
    const paddings = { reflect: 'reflect', replicate: 'edge', zero: 'zero' } as const
    const padding = paddings[(hyper.padding_type ?? 'reflect') as keyof typeof paddings]
    return resnetGenerator({ inputs, outputs, width: hyper.ngf, blocks: hyper.n_blocks, padding })
  }
  if ('num_downs' in hyper)
    return unetGenerator({ inputs, outputs, width: hyper.ngf, downs: Math.max(5, hyper.num_downs) }) // the reference's least
  const spectral = Object.keys(tensors).some((name) => name.endsWith('.weight_orig'))
  return patchGan({ inputs, width: hyper.ndf, layers: hyper.n_layers, spectral })
}

async function checkNetwork(folder: string, config: Config): Promise<ConformanceResult[]> {
  const tensors = await readTensors(folder, 'weights.safetensors')
  const model = buildNetwork(config, tensors)
  const params = asConstants(tensors)
  const expected = await readTensors(folder, 'outputs.safetensors')
  const results = compareNames(model, tensors)
  for (const [name, images] of Object.entries(await readInputs(folder, config))) {
    const x = input('images', images.shape)
    const values = describeLayers(model, params, x)
    const found = await runGraph(values, [x], { images })
    for (const [key, reference] of Object.entries(expected)) {
      if (!key.startsWith(`${name}.`)) continue
      const layer = /^layer\d+/.exec(key.slice(name.length + 1))?.[0] ?? 'out'
      if (!found[layer]) results.push({ quantity: `${key} (unknown)`, error: Number.NaN, tolerance: 0 })
      else results.push(compareArrays(key, found[layer], reference, layer === 'out' ? output : intermediate))
    }
    if (config.inputs[name].file === 'input.npy') {
      const reference = await readNpyFile(join(folder, 'expected.npy'))
      results.push(compareArrays('expected.npy', found.out, reference, output))
    }
  }
  return results
}

/** The model's result, and where it is a stack what each of its layers gives. */
function describeLayers(model: Model, params: ParamValues, x: Value): Record<string, Value> {
  const { layers } = model as Partial<Stack>
  if (!layers) return { out: model.apply(params, x, inferencePass) }
  const values: Record<string, Value> = {}
  let value = x
  for (const [i, layer] of layers.entries()) {
    value = layer.apply(params, value, inferencePass)
    values[`layer${i}`] = value
  }
  return { ...values, out: value }
}

// The checkpoint's names and shapes are the model's: an error of 1 for each that is not.
function compareNames(model: Model, tensors: Readonly<Record<string, NdArray>>): ConformanceResult[] {
  const list = (shapes: Readonly<Record<string, { readonly shape: readonly number[] }>>) =>
    Object.entries(shapes).map(([name, { shape }]) => `${name} [${shape}]`)
  const [own, given] = [list(model.params), list(tensors)]
  const odd = [...own.filter((name) => !given.includes(name)), ...given.filter((name) => !own.includes(name))]
  return [{ quantity: `names ${odd[0] ?? ''}`, error: odd.length, tolerance: 0 }]
}

async function checkSpectral(folder: string, config: Config): Promise<ConformanceResult[]> {
  const tensors = await readTensors(folder, 'weights.safetensors')
  const after = await readTensors(folder, 'weights_after_2_train_forwards.safetensors')
  const expected = await readTensors(folder, 'outputs.safetensors')
  const images = await readNpyFile(join(folder, 'input.npy'))
  const model = buildNetwork(config, tensors)
  const params = asConstants(tensors)
  const x = input('images', images.shape)
  const first = openTrainingPass()
  const second = openTrainingPass()
  const forwards = {
    'eval.out': model.apply(params, x, inferencePass),
    'train.forward1': model.apply(params, x, first),
    'train.forward2': model.apply({ ...params, ...Object.fromEntries(first.updates) }, x, second),
  }
  const found = await runGraph({ ...forwards, ...Object.fromEntries(second.updates) }, [x], { images })
  const reference = await readNpyFile(join(folder, 'expected.npy'))
  // Stored vectors that are not converged give scores of any size, and rounding with it: the fixture states how much.
  const evaluated = { atol: Math.max(output.atol, 4 * (config.eval_max_abs_f32_minus_f64 ?? 0)) }
  return [
    ...compareNames(model, tensors),
    compareArrays('expected.npy', found['eval.out'], reference, evaluated),
    ...Object.entries(expected).map(([key, array]) =>
      compareArrays(key, found[key], array, key === 'eval.out' ? evaluated : output),
    ),
    ...Object.entries(after).map(([key, array]) => compareArrays(`${key} after`, found[key], array, output)),
  ]
}

function asConstants(tensors: Readonly<Record<string, NdArray>>): ParamValues {
  return Object.fromEntries(Object.entries(tensors).map(([name, array]) => [name, constant(array)]))
}
