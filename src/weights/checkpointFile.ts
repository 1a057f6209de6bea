// What an open checkpoint offers, whatever the form of its files.

import { type NdArray, ndarray, WeightsError } from '../base/index.ts'
import type { ModelPart } from '../formats/index.ts'

/** A tensor of a checkpoint before it is read. */
export interface TensorInfo {
  readonly shape: readonly number[]
  /** The dtype in the file: f32, f16, bf16, f64, i64, i32, i16, i8, u8 or bool. */
  readonly stored: string
}

/** Where a tensor's values lie as float32, row-major and little-endian. */
export interface FilePlace {
  readonly path: string
  /** Bytes from the file's start. */
  readonly offset: number
}

/** An open checkpoint. Tensors are read one by one, so memory holds those asked for and never the file. */
export interface Checkpoint {
  readonly path: string
  /** How it is stored. */
  readonly format: 'safetensors' | 'torch' | 'sharded' | 'random'
  /** Every tensor by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Tensors that only Python could make, each with the name by which it would. */
  readonly refused: ReadonlyMap<string, string>
  /** Python names in the file that are neither tensors nor dicts; nothing was run by them. */
  readonly foreign: readonly string[]
  /** Which of the models in the file these are, and what of `part` has still to be found among their names. */
  readonly part: ModelPart & { readonly asked: string | null }
  /** One tensor as float32. Throws WeightsError for an unknown name, DataError for a short file. */
  read(name: string): Promise<NdArray<'f32'>>
  /** One tensor as it is stored, but for f16 and bf16 (as f32) and i8 and i16 (as i32). Throws as `read`. */
  raw(name: string): Promise<NdArray>
  /** Where a tensor can be read in place; null where it must be converted or put together. */
  place(name: string): Promise<FilePlace | null>
  close(): Promise<void>
}

/** A checkpoint over any reader of tensors: adds the check of names and the conversion to float32. */
export function makeCheckpoint(reader: Omit<Checkpoint, 'read'>): Checkpoint {
  const { path, tensors, refused } = reader
  const raw = async (name: string) => {
    if (tensors.has(name)) return reader.raw(name)
    const maker = refused.get(name)
    const got =
      maker === undefined ? 'none of that name' : `one that Python would make by '${maker}'; nothing was run`
    throw new WeightsError({ where: path, expected: `a tensor '${name}'`, got })
  }
  return { ...reader, raw, read: async (name) => toFloat32(await raw(name)) }
}

function toFloat32(array: NdArray): NdArray<'f32'> {
  if (array.dtype === 'f32') return array as NdArray<'f32'>
  const values = new Float32Array(array.data.length)
  for (let i = 0; i < values.length; i++) values[i] = Number(array.data[i])
  return ndarray('f32', array.shape, values)
}
