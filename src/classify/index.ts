// Classifiers on embeddings: fitted on train, selected on val, saved as JSON, safetensors and ONNX.

export { type CenterTemperatures, fitCenterTemperatures, temperatureOf } from './centerTemperatures.ts'
export type { FinetuneOptions } from './finetuneOptions.ts'
export type {
  EpochRecord,
  ExtractorEntry,
  FitHooks,
  Head,
  HeadMethod,
  HeadPlace,
  LabelledEmbeddings,
  LabelledRows,
  Settled,
  Share,
} from './head.ts'
export { type HeadName, headMethods, headPresets, loadHead } from './heads.ts'
export type { KnnOptions } from './knn.ts'
export { writeKnn } from './knnGraph.ts'
export type { LogisticOptions } from './logistic.ts'
export type { MlpHeadOptions } from './mlp.ts'
export { openNeighbours } from './neighbours.ts'
export {
  checkRobust,
  isRobust,
  pickRobust,
  type RobustFit,
  type RobustOptions,
  robustDefaults,
  robustRules,
} from './robust.ts'
export { orderRows } from './rowOrder.ts'
export { type Calibration, logitsOf, surest, temper } from './temperature.ts'
