// Embed: extractors, which turn patches into embeddings, and the stream that runs them.

export { type Agreement, describeAgreement } from './agreement.ts'
export type { ExtractorGraph } from './embeddingGraph.ts'
export * from './embedPatches.ts'
export type { Extractor, ModelProvenance } from './extractor.ts'
export { openExtractorGraph } from './extractorGraph.ts'
export type { ExtractorMethod, ExtractorSpec, OpenOptions } from './extractorMethod.ts'
export { type OnnxOptions, type Pooling, poolings } from './onnx/onnxOptions.ts'
export * from './openExtractor.ts'
export * from './parity.ts'
export { textureNames, textureVersion } from './texture/texture.ts'
export { checkSquare, checkViews, viewDefaults } from './views.ts'
