// Files: what opens, reads and writes files, by Node. What their bytes mean is in formats/, where it can be said without
// the file: HDF5, PyTorch's checkpoints and pictures are read here as a whole.

export * from './csvFile.ts'
export * from './file.ts'
export * from './fileNames.ts'
export * from './fileStates.ts'
export * from './hdf5.ts'
export * from './hdf5Values.ts'
export * from './hdf5Writer.ts'
export * from './image.ts'
export * from './npyFile.ts'
export * from './onnxFile.ts'
export * from './safetensorsFile.ts'
export * from './tableFile.ts'
export * from './torchPickle.ts'
export * from './userCache.ts'
