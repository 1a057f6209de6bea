export * from './overlap.ts'
export * from './record.ts'
export * from './runFolder.ts'
export * from './submission.ts'
