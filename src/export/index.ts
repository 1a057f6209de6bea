// Export: a run's model as one ONNX file, from patches as bytes to probability.

export { writeStain } from '../stain/graph/index.ts'
export { type ExportOptions, type ExportResult, exportRun, exportTolerance } from './exportRun.ts'
export { type OpenPipeline, openPipeline } from './openPipeline.ts'
export { type Pipeline, type PipelineParts, writePipeline } from './pipeline.ts'
export { writeTransform } from './transform.ts'
