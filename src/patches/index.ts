// Patches: sets of patches and their readers.

export * from './challenge.ts'
export * from './patchSet.ts'
