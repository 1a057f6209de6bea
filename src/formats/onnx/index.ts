// ONNX models as bytes and back: the messages of onnx.proto, and tensors and attributes as plain values.
// The meaning of fields follows the ONNX specification (onnx.ai, IR version 10); the schema is our own extract.
// A door of its own within formats: it needs nothing of Node, and the graph room runs in a browser.

import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  arrayTypes,
  DataError,
  type Dtype,
  type DtypeArrays,
  type NdArray,
  ndarray,
  sizeOf,
} from '../../base/index.ts'
import { widenBrainFloat, widenHalf } from '../halfFloat.ts'
import { type WantedFile, wrongFile } from '../recognise.ts'
import {
  type Attribute,
  AttributeSchema,
  type Model,
  ModelSchema,
  type Tensor,
  TensorSchema,
} from './generated/onnx_pb.ts'

export { narrowHalf, widenHalf } from '../halfFloat.ts'
export type {
  Attribute as OnnxAttribute,
  Graph as OnnxGraph,
  Model as OnnxModel,
  Node as OnnxNode,
  Tensor as OnnxTensor,
  ValueInfo as OnnxValueInfo,
} from './generated/onnx_pb.ts'

/** A value an ONNX attribute can hold here; integers are `number` with no fraction in `ints` or `{ int }`. */
export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }

/** TensorProto.DataType of each dtype. */
export const onnxTypes = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f64: 11 } as const satisfies Record<
  Dtype,
  number
>

/** A model as plain objects: what `writeOnnx` takes; fields left out have their default. */
export type OnnxModelParts = MessageInitShape<typeof ModelSchema>

const wanted: WantedFile = { expected: 'an ONNX model', kinds: ['onnx'] }

/** A model's bytes; field order is fixed, so the same model gives the same bytes. */
export function writeOnnx(model: OnnxModelParts): Uint8Array {
  return toBinary(ModelSchema, create(ModelSchema, model))
}

/** The model in `bytes`. Throws DataError, with `where` in its message, for bytes that are no ONNX model. */
export function readOnnx(bytes: Uint8Array, where = 'onnx'): Model {
  const head = { bytes, size: bytes.length }
  let model: Model
  try {
    model = fromBinary(ModelSchema, bytes)
  } catch (cause) {
    throw wrongFile(where, wanted, head, cause)
  }
  if (!model.graph || model.opsetImport.length === 0) throw wrongFile(where, wanted, head)
  return model
}

/** An array as an ONNX tensor (raw little-endian data, shared where possible). */
export function tensorToOnnx(name: string, array: NdArray): Tensor {
  const { buffer, byteOffset, byteLength } = array.data
  return create(TensorSchema, {
    name,
    dims: array.shape.map(BigInt),
    dataType: onnxTypes[array.dtype],
    rawData: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength),
  })
}

/** Where the raw little-endian values of a tensor lie in a file beside the model. */
export interface TensorPlace {
  /** The file's name, without a folder. */
  readonly file: string
  /** Bytes from the file's start, and how many. */
  readonly offset: number
  readonly length: number
}

/** A tensor whose values stay where they are. */
export function placeTensor(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  place: TensorPlace,
): Tensor {
  return pointOutside({ name, dims: shape.map(BigInt), dataType: onnxTypes[dtype] }, place)
}

/** The tensor without its data, which lie in the file `location` (beside the model) from byte `offset` on. */
export function moveTensorData(tensor: Tensor, location: string, offset: number): Tensor {
  const { name, dims, dataType, rawData } = tensor
  return pointOutside({ name, dims, dataType }, { file: location, offset, length: rawData.byteLength })
}

function pointOutside(
  tensor: Pick<Tensor, 'name' | 'dims' | 'dataType'>,
  { file, offset, length }: TensorPlace,
): Tensor {
  const entries = Object.entries({ location: file, offset, length })
  return create(TensorSchema, {
    ...tensor,
    dataLocation: 1,
    externalData: entries.map(([key, value]) => ({ key, value: `${value}` })),
  })
}

/**
 * An ONNX tensor as an array; half precision (float16, bfloat16) becomes float32. Throws DataError for external data
 * and for types outside `onnxTypes`.
 */
export function tensorFromOnnx(tensor: Tensor): NdArray {
  const where = `onnx tensor '${tensor.name}'`
  const half = halfTypes[tensor.dataType]
  const dtype = half
    ? 'f32'
    : (Object.keys(onnxTypes) as Dtype[]).find((name) => onnxTypes[name] === tensor.dataType)
  if (!dtype)
    throw new DataError({
      where,
      expected: Object.keys(onnxTypes).join(', '),
      got: `data type ${tensor.dataType}`,
    })
  if (tensor.dataLocation !== 0)
    throw new DataError({ where, expected: 'data inside the file', got: 'external data' })
  const shape = tensor.dims.map(Number)
  const width = half ? 2 : arrayTypes[dtype].BYTES_PER_ELEMENT
  if (tensor.rawData.length % width !== 0) {
    const got = `${tensor.rawData.length} bytes`
    throw new DataError({ where, expected: `values of ${width} bytes`, got })
  }
  const data = half
    ? half(readBits(tensor))
    : tensor.rawData.length > 0
      ? fromRaw(dtype, tensor.rawData)
      : fromTyped(dtype, tensor)
  if (data.length !== sizeOf(shape)) {
    throw new DataError({ where, expected: `${sizeOf(shape)} values for [${shape}]`, got: `${data.length}` })
  }
  return ndarray(dtype, shape, data)
}

type HalfReader = (bits: Uint16Array) => Float32Array

const halfTypes: Readonly<Partial<Record<number, HalfReader>>> = {
  10: widenHalf,
  16: widenBrainFloat,
}

function readBits({ rawData, int32Data }: Tensor): Uint16Array {
  return rawData.length > 0 ? new Uint16Array(new Uint8Array(rawData).buffer) : Uint16Array.from(int32Data)
}

function fromRaw<D extends Dtype>(dtype: D, bytes: Uint8Array): DtypeArrays[D] {
  const aligned = new Uint8Array(bytes) // raw data may start at any byte; typed arrays may not
  return new arrayTypes[dtype](aligned.buffer)
}

function fromTyped(dtype: Dtype, tensor: Tensor): DtypeArrays[Dtype] {
  if (dtype === 'f32') return Float32Array.from(tensor.floatData)
  if (dtype === 'f64') return Float64Array.from(tensor.doubleData)
  if (dtype === 'i64') return BigInt64Array.from(tensor.int64Data)
  if (dtype === 'i32') return Int32Array.from(tensor.int32Data)
  if (dtype === 'i8') return Int8Array.from(tensor.int32Data)
  return Uint8Array.from(tensor.int32Data)
}

/** An attribute of a node. */
export function attributeToOnnx(name: string, value: AttributeValue): Attribute {
  const attribute = create(AttributeSchema, { name })
  if ('float' in value) return { ...attribute, type: 1, f: value.float }
  if ('int' in value) return { ...attribute, type: 2, i: BigInt(value.int) }
  if ('string' in value) return { ...attribute, type: 3, s: new TextEncoder().encode(value.string) }
  if ('floats' in value) return { ...attribute, type: 6, floats: [...value.floats] }
  return { ...attribute, type: 7, ints: value.ints.map(BigInt) }
}
