// All ops, by family.

export * from './elementwise.ts'
export * from './movement.ts'
export * from './products.ts'
export * from './reductions.ts'
