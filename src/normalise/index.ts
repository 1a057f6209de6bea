// Where patches meet a stain: fits on disk and in memory, of references, slides and centers; batches, threads, and whole sets
// normalised.

export * from './fittedStain.ts'
export * from './makePixels.ts'
export * from './reference.ts'
export * from './stainBatches.ts'
export * from './stainDomains.ts'
export * from './stainedPixels.ts'
export * from './stainFile.ts'
export * from './stainFit.ts'
export * from './stainGroups.ts'
export * from './stainWorkers.ts'
export * from './trainFolder.ts'
export * from './trainStain.ts'
export * from './verdicts.ts'
