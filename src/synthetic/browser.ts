// Synthetic patches without files: rendered one by one, or as a batch. It runs in a browser.

export { renderSyntheticBatch, type SyntheticBatch, type SyntheticTask } from './batch.ts'
export * from './centers.ts'
export * from './synthetic.ts'
