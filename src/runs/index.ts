// Runs: the run folder, what it holds, and submissions.

export * from './browser.ts'
export * from './failures.ts'
export * from './logTail.ts'
export * from './pace.ts'
export * from './predictions.ts'
export * from './runFolder.ts'
export * from './runStatus.ts'
export * from './runThreshold.ts'
export * from './studyFile.ts'
export * from './submission.ts'
export * from './taskList.ts'
