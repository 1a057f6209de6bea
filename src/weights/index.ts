// Weights: checkpoints of every published form, the catalog of known models, and fetching them from the hub.

export * from './check.ts'
export * from './checkpoint.ts'
export { parseShardIndex } from './shards.ts'
