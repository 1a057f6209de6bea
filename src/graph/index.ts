// The differentiable graph: values, ops, gradients, and the way out as an ONNX model.

export { type EmitOptions, emitModel } from './emit.ts'
export { gradients } from './gradients.ts'
export { emitKernel, type Kernel } from './kernel.ts'
export * from './ops/index.ts'
export { printGraph } from './print.ts'
export { sortValues } from './sort.ts'
export {
  constant,
  fixedShape,
  input,
  type Operand,
  type OpName,
  type Shape,
  type Side,
  scalar,
  showShape,
  type Value,
} from './value.ts'
