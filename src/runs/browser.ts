// What a run folder holds, without the folder: the types of its files, and what its splits share, what their orders tell and
// what extractors have seen, in words. It runs in a browser.

export * from './decisionWords.ts'
export * from './exposures.ts'
export * from './forecastWords.ts'
export * from './orders.ts'
export * from './overlap.ts'
export * from './record.ts'
export * from './selectionWords.ts'
export * from './shareWords.ts'
export * from './warnings.ts'
