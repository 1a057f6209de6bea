export * from './filter.ts'
export * from './options.ts'
export * from './verdict.ts'
