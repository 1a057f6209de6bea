// Formats: bytes <-> values, one file a format.

export * from './file.ts'
export * from './halfFloat.ts'
export * from './hdf5.ts'
export * from './hdf5Values.ts'
export * from './hdf5Writer.ts'
export * from './image.ts'
export * from './npy.ts'
export * from './onnx/index.ts'
export * from './safetensors.ts'
export * from './table.ts'
export * from './tensorBoard.ts'
export * from './torchPickle.ts'
