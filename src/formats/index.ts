// Formats: bytes <-> values, one file a format.

export * from './file.ts'
export * from './image.ts'
export * from './npy.ts'
