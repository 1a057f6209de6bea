// What a run folder holds, without the folder: the types of its files, and what patches two runs share. It runs in a
// browser.

export * from './decisionWords.ts'
export * from './overlap.ts'
export * from './record.ts'
export * from './selectionWords.ts'
