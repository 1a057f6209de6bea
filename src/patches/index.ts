// Patches: sets of patches and their readers.

export * from './batches.ts'
export * from './challenge.ts'
export * from './check.ts'
export * from './describe.ts'
export * from './patchSet.ts'
export * from './reader.ts'
export * from './readers.ts'
export * from './synthetic.ts'
export { renderSyntheticBatch, type SyntheticBatch, type SyntheticTask } from './syntheticBatch.ts'
export * from './syntheticCenters.ts'
export * from './syntheticSet.ts'
