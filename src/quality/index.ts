// Quality: which patches are fit for use, and why the others are not.

export * from './filter.ts'
export * from './options.ts'
export * from './verdict.ts'
