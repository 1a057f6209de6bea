// Synthetic patches with known truth: rendered one by one, as a patch set, or as files in the challenge's layout.

export * from './browser.ts'
export * from './set.ts'
