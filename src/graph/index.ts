// The differentiable graph: values, ops, gradients, and the way out as an ONNX model.

export { type EmitOptions, emitModel, emitParts } from './emit.ts'
export { gradients } from './gradients.ts'
export { emitKernel, type Kernel } from './kernel.ts'
export * from './ops/index.ts'
export { printGraph } from './print.ts'
export { quickenConvolutions } from './quicken.ts'
export { cutGraph, type GraphCut } from './read/cutGraph.ts'
export { findPatchSide } from './read/patchSide.ts'
export { type ReadGraph, type ReadStep, readGraph } from './read/readGraph.ts'
export { sortValues } from './sort.ts'
export { stableThreads } from './stableThreads.ts'
export {
  constant,
  fixedShape,
  input,
  multiplySide,
  type Operand,
  type OpName,
  type Shape,
  type Side,
  scalar,
  showShape,
  type Value,
} from './value.ts'
