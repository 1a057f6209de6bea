// Guards: what would make the figures of a study too good.

export * from './describeNear.ts'
export * from './nearDuplicates.ts'
export { countUniform, hashLooks, hashWords } from './perceptualHash.ts'
