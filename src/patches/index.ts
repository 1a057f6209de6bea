// Patches: sets of patches and their readers.

export * from './browser.ts'
export * from './challenge.ts'
export * from './check.ts'
export * from './hashPatches.ts'
export { hiddenFile } from './listPictures.ts'
export { leastReal, sidecarName } from './origin.ts'
export { type Fault, type OpenedPatchSet, type OpenOptions, orderNames, type Reader } from './reader.ts'
export * from './readers.ts'
