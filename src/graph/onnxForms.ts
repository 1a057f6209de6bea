// How each op is written in ONNX: its type, attributes and the inputs that ONNX wants as tensors.
// The table is completed by the compiler: an op without a form is a type error.
// Source: the operator list of the ONNX specification, opset 18, and ONNX Runtime's com.microsoft domain.

import { type NdArray, ndarray } from '../base/index.ts'
import { type AttributeValue, onnxTypes } from '../formats/onnx/index.ts'
import type { ConvAttributes, OpAttributes, OpName, Shape, Value } from './value.ts'

/** One ONNX node before names are given: `null` stands for the op's next own input. */
export interface OnnxForm {
  readonly type: string
  readonly domain?: string
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** Constant inputs that follow the op's own. */
  readonly constants?: readonly NdArray[]
  /** Which of the node's two outputs is the op's result, where it has two. */
  readonly output?: 0 | 1
}

type Form<O extends OpName> = (attributes: OpAttributes[O], value: Value<O>) => OnnxForm

const named = (type: string) => (): OnnxForm => ({ type })

/** Ops that become one ONNX node; `input` and `constant` become graph inputs and initializers instead. */
export const onnxForms: { readonly [O in Exclude<OpName, 'input' | 'constant'>]: Form<O> } = {
  add: named('Add'),
  sub: named('Sub'),
  mul: named('Mul'),
  div: named('Div'),
  pow: named('Pow'),
  maximum: named('Max'),
  minimum: named('Min'),
  neg: named('Neg'),
  abs: named('Abs'),
  sign: named('Sign'),
  sqrt: named('Sqrt'),
  exp: named('Exp'),
  log: named('Log'),
  erf: named('Erf'),
  tanh: named('Tanh'),
  sin: named('Sin'),
  cos: named('Cos'),
  floor: named('Floor'),
  round: named('Round'),
  sigmoid: named('Sigmoid'),
  softplus: named('Softplus'),
  relu: named('Relu'),
  leakyRelu: ({ slope }) => ({ type: 'LeakyRelu', attributes: { alpha: { float: slope } } }),
  gelu: () => ({ type: 'Gelu', domain: 'com.microsoft' }),
  greater: named('Greater'),
  equal: named('Equal'),
  and: named('And'),
  where: named('Where'),
  stopGradient: named('Identity'),
  cast: ({ to }) => ({ type: 'Cast', attributes: { to: { int: onnxTypes[to] } } }),
  reduceSum: (reduction) => formReduction('ReduceSum', reduction),
  reduceMean: (reduction) => formReduction('ReduceMean', reduction),
  reduceMax: (reduction) => formReduction('ReduceMax', reduction),
  softmax: ({ axis }) => ({ type: 'Softmax', attributes: { axis: { int: axis } } }),
  largest: ({ count, gives }) => ({
    type: 'TopK',
    constants: [integers([count])],
    output: gives === 'values' ? 0 : 1,
  }),
  layerNorm: ({ epsilon }) => ({
    type: 'LayerNormalization',
    attributes: { axis: { int: -1 }, epsilon: { float: epsilon } },
  }),
  reshape: ({ shape }) => ({ type: 'Reshape', constants: [shapeTensor(shape)] }),
  transpose: ({ permutation }) => ({ type: 'Transpose', attributes: { perm: { ints: permutation } } }),
  expand: ({ shape }) => ({ type: 'Expand', constants: [integers(shape)] }),
  concat: ({ axis }) => ({ type: 'Concat', attributes: { axis: { int: axis } } }),
  slice: ({ axis, start, end, stride }) => ({
    type: 'Slice',
    constants: [integers([start]), integers([end]), integers([axis]), integers([stride])],
  }),
  pad: ({ before, after, mode }) => ({
    type: 'Pad',
    attributes: { mode: { string: mode } },
    constants: [integers([...before, ...after])],
  }),
  gather: ({ axis }) => ({ type: 'Gather', attributes: { axis: { int: axis } } }),
  matmul: ({ transposeA, transposeB }, { inputs }) => formMatmul(transposeA, transposeB, inputs),
  gemm: ({ transposeA, transposeB, scale }) => ({
    type: 'Gemm',
    attributes: {
      alpha: { float: scale },
      transA: { int: transposeA ? 1 : 0 },
      transB: { int: transposeB ? 1 : 0 },
    },
  }),
  quantizedMatmul: () => ({ type: 'DynamicQuantizeMatMul', domain: 'com.microsoft' }),
  conv: (attributes) => ({ type: 'Conv', attributes: formGeometry(attributes) }),
  maxPool: ({ kernel, strides, pads, dilations }) => ({
    type: 'MaxPool',
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      pads: { ints: pads },
      dilations: { ints: dilations },
    },
  }),
  convTranspose: (attributes) => ({
    type: 'ConvTranspose',
    attributes: { ...formGeometry(attributes), output_padding: { ints: attributes.outputPadding } },
  }),
}

function formReduction(type: string, { axes, keep }: OpAttributes['reduceSum']): OnnxForm {
  return { type, attributes: { keepdims: { int: keep ? 1 : 0 } }, constants: [integers(axes)] }
}

// Gemm and FusedMatMul read a transposed factor where it lies; a Transpose node would copy it.
function formMatmul(transposeA: boolean, transposeB: boolean, inputs: readonly Value[]): OnnxForm {
  if (!transposeA && !transposeB) return { type: 'MatMul' }
  const transA: AttributeValue = { int: transposeA ? 1 : 0 }
  const transB: AttributeValue = { int: transposeB ? 1 : 0 }
  if (inputs.every(({ shape }) => shape.length === 2)) return { type: 'Gemm', attributes: { transA, transB } }
  return { type: 'FusedMatMul', domain: 'com.microsoft', attributes: { transA, transB } }
}

function formGeometry(attributes: ConvAttributes): Record<string, AttributeValue> {
  return {
    strides: { ints: attributes.strides },
    pads: { ints: attributes.pads },
    dilations: { ints: attributes.dilations },
    group: { int: attributes.groups },
  }
}

// A named side becomes -1: ONNX Runtime infers it from the element count. `reshape` allows one only.
function shapeTensor(shape: Shape): NdArray {
  return integers(shape.map((side) => (typeof side === 'number' ? side : -1)))
}

function integers(values: readonly number[]): NdArray<'i64'> {
  return ndarray('i64', [values.length], BigInt64Array.from(values.map(BigInt)))
}
