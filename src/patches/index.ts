// Patches: sets of patches and their readers.

export * from './challenge.ts'
export * from './patchSet.ts'
export * from './synthetic.ts'
export * from './syntheticCenters.ts'
export * from './syntheticSet.ts'
