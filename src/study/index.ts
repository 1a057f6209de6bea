// Studies: planned, run, worked for by other processes, and read; embeddings as folders of their own, outside a study.

export * from './doTasks.ts'
export * from './embeddingFolder.ts'
export { type EmbeddingManifest, requireFitting } from './embeddingManifest.ts'
export type { Shard } from './embeddingShards.ts'
export type {
  LeaveOutFigures,
  LeaveOutJudgement,
  LeaveOutThreshold,
  MeanOverParts,
} from './leaveOut/judge.ts'
export { type LeaveOutOptions, type LeaveOutResult, leaveOut } from './leaveOut/leaveOut.ts'
export { type LeaveOutUnit, leaveOutUnits } from './leaveOut/parts.ts'
export * from './model.ts'
export * from './openModel.ts'
export * from './plan.ts'
export { type FoundResults, readResults } from './results.ts'
export * from './run.ts'
export { placeRun } from './runPlace.ts'
export * from './sendStudy.ts'
export { openSplitPatches } from './splits.ts'
export type * from './study.ts'
export * from './waitForStudy.ts'
