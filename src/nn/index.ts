// Networks as functions that build graph values: layers, losses, optimizers, initializers.

export { type Adversary, type AdversaryOptions, adversary, reverseGradient } from './adversary.ts'
export { averaged } from './averaged.ts'
export {
  drawJitter,
  encodeJitter,
  type JitterChange,
  type JitterDraw,
  type JitterStrengths,
  jitterColors,
  listChanges,
  luma,
  scaleJitter,
  toGray,
} from './colorJitter.ts'
export {
  type ConvolutionOptions,
  convolution,
  instanceNorm,
  padImage,
  takeMoments,
  transposedConvolution,
} from './convolution.ts'
export { type GanLoss, type GanLossName, ganLosses, gradientPenalty } from './ganLosses.ts'
export { type GroupDro, groupDro } from './groupDro.ts'
export { fanInUniform, fill, normal, uniform } from './initializers.ts'
export { activation, batchNorm, dropout, linear, sequential } from './layers.ts'
export { adaptModel, isAdapter, type LoraOptions, mergeAdapters } from './lora.ts'
export {
  bceWithLogits,
  binaryAccuracy,
  crossEntropy,
  logLosses,
  meanAbsoluteError,
  meanSquaredError,
} from './losses.ts'
export type { Initializer, Model, ParamRole, ParamSpec, ParamSpecs, ParamValues } from './model.ts'
export {
  type AdamOptions,
  adam,
  adamW,
  type Optimizer,
  type StepScalars,
  sgd,
  type UpdateInput,
} from './optimizers.ts'
export {
  inferencePass,
  type MaskSpec,
  type Moments,
  openTrainingPass,
  type Pass,
  type TrainingPass,
} from './pass.ts'
export { normaliseWeight, spectralSpecs } from './spectralNorm.ts'
export { type LayerMaker, prefixModel, type Stack, stackLayers } from './stack.ts'
export {
  type Attention,
  applyLinear,
  attend,
  attention,
  geluMlp,
  layerNorm,
  layerScale,
  linearSpecs,
  patchEmbed,
  type Rotation,
  splitFirst,
  swigluMlp,
} from './tokens.ts'
