export * from './abstain.ts'
export * from './alignTables.ts'
export {
  callTumour,
  chooseThresholdsByLabels,
  chooseThresholdsByShare,
  findThreshold,
  spreadThreshold,
  type Threshold,
  type ThresholdRule,
} from './centerThresholds.ts'
export { nameSlides, type Resampled } from './clusters.ts'
export * from './compare.ts'
export * from './evaluate.ts'
export * from './evaluation.ts'
export * from './forecastAccuracy.ts'
export type { Predictions } from './groups.ts'
export * from './holm.ts'
export type { NamedTable } from './namedTable.ts'
export * from './normal.ts'
export { type Figures, summarize } from './scores.ts'
export * from './seeds.ts'
export * from './selection.ts'
export * from './signature.ts'
export { hashRows } from './signatureSample.ts'
export * from './threshold.ts'
export { splitRows } from './units.ts'
