// Weights: checkpoints of every published form, the catalog of known models, and fetching them from the hub.

export * from './catalog.ts'
export * from './check.ts'
export * from './checkpoint.ts'
export type { Checkpoint, FilePlace, TensorInfo } from './checkpointFile.ts'
export { hashContent } from './download.ts'
export { hashOfCached, importedRevision } from './hubCache.ts'
export * from './hubSettings.ts'
export * from './importWeights.ts'
export * from './modelCard.ts'
export * from './params.ts'
export * from './pull.ts'
export { parseShardIndex } from './shards.ts'
