// Formats: bytes <-> values, one file a format. Nothing here opens a file: that is what files/ does.

export * from './csv.ts'
export * from './halfFloat.ts'
export * from './modelParts.ts'
export * from './npy.ts'
export * from './onnx/index.ts'
export * from './pictureHead.ts'
export * from './recognise.ts'
export * from './safetensors.ts'
export * from './table.ts'
export * from './tensorBoard.ts'
export * from './text.ts'
