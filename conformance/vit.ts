// dinov2_* and timm_*: vision transformers against the reference implementations: tokens after every block, position
// embeddings, checkpoints in three namings, and gradients of a fine-tuning step.
// Everything is derived from config.json and the tensors' shapes.

import { join } from 'node:path'
import { f32, type NdArray } from '../src/base/index.ts'
import { readNpyFile } from '../src/files/index.ts'
import {
  add,
  concat,
  constant,
  gradients,
  input,
  matmul,
  reduceMean,
  reshape,
  slice,
  type Value,
} from '../src/graph/index.ts'
import { foldLayerScale, type Resampling, resamplePositions, type Vit, vit } from '../src/models/index.ts'
import { bceWithLogits, type ParamValues } from '../src/nn/index.ts'
import { catalog } from '../src/weights/index.ts'
import { compareArrays } from './compare.ts'
import { type Params, readParams } from './network.ts'
import type { ConformanceResult } from './result.ts'
import { runGraph } from './runGraph.ts'
import {
  type Config,
  describeExpected,
  readArchitecture,
  readConfig,
  readInputs,
  readTensors,
} from './vitFixture.ts'

const tokens = { atol: 2e-5, rtol: 1e-5 }

/** Runs a fixture's network and compares each quantity it gives. Throws DataError for no such fixture. */
export async function checkVit(folder: string): Promise<ConformanceResult[]> {
  const config = await readConfig(folder)
  if (config.variants) return checkPositions(folder, config)
  const { vit: architecture, naming } = readArchitecture(config)
  const model = vit(architecture)
  const path = join(folder, 'weights.safetensors')
  const params = await readParams(path, { ...catalog['dinov2-small'], architecture, naming })
  const expected = await readTensors(folder, 'outputs.safetensors')
  const inputs = await readInputs(folder, config)
  const results: ConformanceResult[] = []
  for (const [name, images] of Object.entries(inputs)) {
    const found = await runNetwork(model, config, params, images)
    for (const [key, reference] of Object.entries(expected)) {
      const quantity = key.slice(name.length + 1)
      if (!key.startsWith(`${name}.`)) continue
      if (!found[quantity]) results.push({ quantity: `${key} (unknown)`, error: Number.NaN, tolerance: 0 })
      else results.push(compareArrays(key, found[quantity], reference, tokens))
    }
    results.push(await checkTuned(model, params, images, expected, name))
    const [of, quantity] = describeExpected(config).split('.')
    if (of !== name) continue
    const reference = await readNpyFile(join(folder, 'expected.npy'))
    results.push(compareArrays('expected.npy', found[quantity], reference, tokens))
  }
  if (config.gradients) results.push(...(await checkGradients(folder, config, model, params, inputs)))
  return results
}

function asConstants(params: Params): ParamValues {
  return Object.fromEntries(Object.entries(params).map(([name, array]) => [name, constant(array)]))
}

async function runNetwork(model: Vit, config: Config, params: Params, images: NdArray) {
  const x = input('images', images.shape)
  const values = describeValues(model, config, asConstants(params), x)
  return runGraph(values, [x], { images })
}

// What extractors run: layer scale folded into the weights, and the last block for the class token alone.
async function checkTuned(
  { architecture }: Vit,
  params: Params,
  images: NdArray,
  expected: Readonly<Record<string, NdArray>>,
  name: string,
): Promise<ConformanceResult> {
  const tuned = foldLayerScale(architecture, params)
  const x = input('images', images.shape)
  const classToken = vit(tuned.architecture).writeClassToken(asConstants(tuned.params), x)
  const found = await runGraph({ classToken }, [x], { images })
  const names = ['x_norm_clstoken', 'pooler_output', 'cls_token'].map((quantity) => `${name}.${quantity}`)
  const key = names.find((candidate) => expected[candidate]) ?? names[0]
  return compareArrays(`${key} as extractors run it`, found.classToken, expected[key], tokens)
}

// Every quantity that any of the fixtures names, by that name.
function describeValues(model: Vit, config: Config, params: ParamValues, x: Value): Record<string, Value> {
  const { prefixTokens: prefix } = model
  const { tokens: all, blocks, patchEmbed, positions, tokensIn } = model.write(params, x)
  const [batch, count, width] = all.shape as number[]
  const classToken = reshape(slice(all, 1, 0, 1), [batch, width])
  const patches = slice(all, 1, prefix, count)
  const patchMean = reduceMean(patches, { axes: [1] })
  const poolsNothing = config.hyper_parameters.global_pool === ''
  return {
    x_norm_clstoken: classToken,
    forward: classToken,
    pooler_output: classToken,
    cls_token: classToken,
    ...(prefix > 1 && { x_norm_regtokens: slice(all, 1, 1, prefix) }),
    x_norm_patchtokens: patches,
    x_norm_patch_mean: patchMean,
    cls_concat_mean_patch: concat([classToken, patchMean], 1),
    last_hidden_state: all,
    forward_features: all,
    model_output: poolsNothing ? all : classToken,
    patch_embed: patchEmbed,
    ...(positions && { pos_embed: positions }),
    tokens_in: tokensIn,
    ...Object.fromEntries(blocks.map((block, i) => [`block${i}`, block])),
  }
}

async function checkPositions(folder: string, config: Config): Promise<ConformanceResult[]> {
  const { pos_embed: positions } = await readTensors(folder, 'weights.safetensors')
  const conventions: Readonly<Record<string, Resampling>> = {
    dinov2: 'hub',
    dinov2_reg: 'hub with registers',
    hf_dinov2: 'huggingface',
  }
  const prefix = positions.shape[1] - config.grid ** 2
  const results: ConformanceResult[] = []
  for (const [key, reference] of Object.entries(await readTensors(folder, 'outputs.safetensors'))) {
    const [variant, height, width] = key.split(/[.x]/)
    if (!conventions[variant]) {
      results.push({ quantity: `${key} (unknown)`, error: Number.NaN, tolerance: 0 })
      continue
    }
    const grid = [Number(height) / config.patch_size, Number(width) / config.patch_size] as const
    // As a constant it is resampled in TypeScript, as an input by the graph: both must agree with the reference.
    const fed = input('positions', positions.shape)
    const outputs = {
      written: resamplePositions(constant(positions), prefix, grid, conventions[variant]),
      run: resamplePositions(fed, prefix, grid, conventions[variant]),
    }
    const found = await runGraph(outputs, [fed], { positions })
    for (const way of ['written', 'run'] as const)
      results.push(compareArrays(`${key} ${way}`, found[way], reference, config.tolerance))
  }
  return results
}

// The loss of a linear head on the class token; gradients of the last blocks, the final norm and the head.
async function checkGradients(
  folder: string,
  config: Config,
  model: Vit,
  params: Params,
  inputs: Readonly<Record<string, NdArray>>,
): Promise<ConformanceResult[]> {
  const head = await readTensors(folder, 'head.safetensors')
  const references = await readTensors(folder, 'grads.safetensors')
  const trained: Params = {
    ...params,
    'head.weight': head.weight as NdArray<'f32'>,
    'head.bias': head.bias as NdArray<'f32'>,
  }
  const names = Object.keys(references)
  const leaves = Object.fromEntries(names.map((name) => [name, input(name, trained[name].shape)]))
  const values = { ...asConstants(trained), ...leaves }
  const images = inputs[describeExpected(config).split('.')[0]]
  const x = input('images', images.shape)
  const rows = model.writeClassToken(values, x)
  const logits = add(matmul(rows, values['head.weight'], { transposeB: true }), values['head.bias'])
  const labels = f32([images.shape[0], 1], config.gradients.labels)
  const loss = bceWithLogits(logits, constant(labels))
  const found = gradients(
    loss,
    names.map((name) => leaves[name]),
  )
  const grads = Object.fromEntries(names.map((name, i) => [`gradient ${name}`, found[i]]))
  const feeds = Object.fromEntries(names.map((name) => [name, trained[name]]))
  const inputValues = [x, ...Object.values(leaves)]
  const got = await runGraph({ logits, loss, ...grads }, inputValues, { ...feeds, images })
  const { logits_f64: logitsWanted, loss_f64: lossWanted } = config.gradients
  return [
    compareArrays('logits', got.logits, f32([images.shape[0], 1], logitsWanted), tokens),
    compareArrays('loss', got.loss, f32([], [lossWanted]), tokens),
    ...names.flatMap((name) => compareGradient(name, got[`gradient ${name}`], references[name])),
  ]
}

// Relative to the tensor's largest gradient; a key's bias changes nothing, so that its gradient is rounding alone.
function compareGradient(name: string, got: NdArray, expected: NdArray): ConformanceResult[] {
  const whole = (array: NdArray) => array.data as Float32Array
  const largest = whole(expected).reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  const limit = { atol: 1e-4 * largest }
  if (!name.endsWith('attn.qkv.bias')) return [compareArrays(`gradient ${name}`, got, expected, limit)]
  const third = expected.shape[0] / 3
  return ['query', 'key', 'value'].map((part, i) => {
    const cut = (array: NdArray) => f32([third], whole(array).slice(i * third, (i + 1) * third))
    const tolerance = part === 'key' ? { atol: 1e-6 } : limit
    return compareArrays(`gradient ${name} of ${part}`, cut(got), cut(expected), tolerance)
  })
}
