// Guards: what would make the figures of a study too good.

export * from './compareSets.ts'
export * from './datasets.ts'
export * from './describeNear.ts'
export * from './examineSets.ts'
export * from './exposure.ts'
export * from './nearDuplicates.ts'
export * from './orderFindings.ts'
export * from './orderTests.ts'
export { countUniform, hashLooks, hashWords } from './perceptualHash.ts'
export * from './withinCenters.ts'
