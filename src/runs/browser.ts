// What a run folder holds, without the folder: the types of its files, and what its splits share and their orders tell, in
// words. It runs in a browser.

export * from './decisionWords.ts'
export * from './orders.ts'
export * from './overlap.ts'
export * from './record.ts'
export * from './selectionWords.ts'
export * from './warnings.ts'
