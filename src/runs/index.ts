// Runs: the run folder, what it holds, and submissions.

export * from './browser.ts'
export * from './runFolder.ts'
export * from './runThreshold.ts'
export * from './submission.ts'
