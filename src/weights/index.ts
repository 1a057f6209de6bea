// Weights: checkpoints of every published form, the catalog of known models, and fetching them from the hub.

export * from './catalog.ts'
export * from './check.ts'
export * from './checkpoint.ts'
export * from './modelCard.ts'
export { parseShardIndex } from './shards.ts'
