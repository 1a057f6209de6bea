export * from './methods.ts'
export * from './stainMatrix.ts'
export * from './stainMethod.ts'
