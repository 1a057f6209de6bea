// Synthetic patches with known truth: rendered one by one, as a patch set, or as files in the challenge's layout.

export { renderSyntheticBatch, type SyntheticBatch, type SyntheticTask } from './batch.ts'
export * from './centers.ts'
export * from './set.ts'
export * from './synthetic.ts'
