// The dinov2_* and timm_* fixtures: config.json as the architecture that Eosin builds, by whichever library's keys.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, type NdArray } from '../src/base/index.ts'
import { readNpyFile } from '../src/files/index.ts'
import { readSafetensors } from '../src/formats/index.ts'
import type { VitArchitecture, VitNaming } from '../src/models/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: the config is JSON of several known forms, read field by field.
export type Config = any

/** config.json of a fixture folder. Throws DataError where there is none. */
export async function readConfig(folder: string): Promise<Config> {
  const path = join(folder, 'config.json')
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new DataError({ where: path, got: cause.message }, cause)
  })
  return JSON.parse(text)
}

/** All tensors of a safetensors file of a fixture. */
export async function readTensors(folder: string, name: string): Promise<Record<string, NdArray>> {
  return readSafetensors(await readFile(join(folder, name)), join(folder, name))
}

/** The inputs of a fixture by name. */
export async function readInputs(folder: string, config: Config): Promise<Record<string, NdArray<'f32'>>> {
  const inputs: Record<string, NdArray<'f32'>> = {}
  for (const [name, { file }] of Object.entries<Config>(config.inputs)) {
    inputs[name] = (await readNpyFile(join(folder, file))) as NdArray<'f32'>
  }
  return inputs
}

/** Which input and quantity `expected.npy` holds, from the sentence that says so. */
export function describeExpected(config: Config): string {
  const quantity = /^(?:\w+\.)?(\w+)/.exec(config['expected.npy'])?.[1]
  const input = Object.keys(config.inputs).find((name) => config.inputs[name].file === 'input.npy')
  return `${input}.${quantity}`
}

/** The architecture and the names of its tensors. Throws DataError for settings that Eosin does not have. */
export function readArchitecture(config: Config): { vit: VitArchitecture; naming: VitNaming } {
  const hyper = config.hyper_parameters
  const epsilon = config.layer_norm_eps ?? hyper.layer_norm_eps
  if ('num_hidden_layers' in hyper)
    return { vit: readHuggingFace(hyper, epsilon), naming: 'huggingface dinov2' }
  if ('mlp_layer' in hyper) return { vit: readTimm(hyper, epsilon), naming: 'timm' }
  return { vit: readDinov2(hyper, epsilon), naming: 'dinov2' }
}

// dinov2 rounds two thirds of the hidden width up to a multiple of 8 for its gated MLP.
function gatedWidth(hidden: number): number {
  return Math.floor((Math.floor((hidden * 2) / 3) + 7) / 8) * 8
}

function readDinov2(hyper: Config, layerNormEps: number): VitArchitecture {
  const hidden = Math.floor(hyper.embed_dim * hyper.mlp_ratio)
  const isGelu = hyper.ffn_layer === 'mlp'
  const resampling = `${hyper.interpolate_offset} ${hyper.interpolate_antialias}`
  const known: Readonly<Record<string, VitArchitecture['resampling']>> = {
    '0.1 false': 'hub',
    '0 true': 'hub with registers',
    '0 false': 'huggingface',
  }
  if (!known[resampling]) {
    const expected = Object.keys(known).join(' or ')
    throw new DataError({ where: 'interpolate_offset, interpolate_antialias', expected, got: resampling })
  }
  return {
    family: 'vit',
    width: hyper.embed_dim,
    depth: hyper.depth,
    heads: hyper.num_heads,
    patchSize: hyper.patch_size,
    imageSize: hyper.img_size,
    mlp: { kind: isGelu ? 'gelu' : 'swiglu', hidden: isGelu ? hidden : gatedWidth(hidden) },
    registers: hyper.num_register_tokens ?? 0,
    layerScale: Boolean(hyper.init_values),
    positions: 'class and patches',
    maskToken: true,
    layerNormEps,
    resampling: known[resampling],
  }
}

function readHuggingFace(hyper: Config, layerNormEps: number): VitArchitecture {
  const hidden = Math.floor(hyper.hidden_size * hyper.mlp_ratio)
  const isGated = hyper.use_swiglu_ffn
  const registers = hyper.num_register_tokens ?? 0
  return {
    family: 'vit',
    width: hyper.hidden_size,
    depth: hyper.num_hidden_layers,
    heads: hyper.num_attention_heads,
    patchSize: hyper.patch_size,
    imageSize: hyper.image_size,
    mlp: { kind: isGated ? 'swiglu' : 'gelu', hidden: isGated ? gatedWidth(hidden) : hidden },
    registers,
    layerScale: true,
    positions: 'class and patches',
    maskToken: true,
    layerNormEps,
    resampling: registers > 0 ? 'hub with registers' : 'huggingface',
  }
}

function readTimm(hyper: Config, layerNormEps: number): VitArchitecture {
  const inner = Math.floor(hyper.embed_dim * hyper.mlp_ratio)
  const isGelu = hyper.mlp_layer === 'mlp'
  return {
    family: 'vit',
    width: hyper.embed_dim,
    depth: hyper.depth,
    heads: hyper.num_heads,
    patchSize: hyper.patch_size,
    imageSize: hyper.img_size,
    mlp: { kind: isGelu ? 'gelu' : 'swiglu', hidden: isGelu ? inner : inner / 2 },
    registers: hyper.reg_tokens ?? 0,
    layerScale: hyper.init_values !== null && hyper.init_values !== undefined,
    positions: hyper.no_embed_class ? 'patches' : 'all',
    maskToken: false,
    layerNormEps,
    resampling: hyper.dynamic_img_size ? 'timm' : 'none',
  }
}
