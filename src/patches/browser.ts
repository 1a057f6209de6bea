// The patches room without its readers: what a patch set is, and what is done with pixels that lie in memory. It needs
// no files, and so runs in a browser.

export * from './augment.ts'
export * from './batches.ts'
export * from './contentOrder.ts'
export * from './describe.ts'
export * from './equalPixels.ts'
export * from './patchSet.ts'
export * from './resize.ts'
export * from './rotate.ts'
export * from './sizes.ts'
export * from './toTensor.ts'
