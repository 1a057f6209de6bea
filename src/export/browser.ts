// An exported pipeline in a browser: opened from its bytes, it predicts pixels that lie in memory.

import { DataError, type Pixels } from '../base/index.ts'
import { openSession, type ProviderName, type WebSessionOptions } from '../engine/browser.ts'
import type { PatchSize } from '../patches/index.ts'
import { batchSizeOf, type PipelineFile, patchSizeOf, readPipelineFile, runPipeline } from './pipelineFile.ts'

export { type PipelineFile, pipelineVersion, readPipelineFile } from './pipelineFile.ts'

/** A pipeline ready to predict in a browser. Close it when done. */
export interface WebPipeline extends PipelineFile {
  /** Where it runs. */
  readonly provider: ProviderName
  /** Sides of the patches that it takes, in pixels. */
  readonly patch: PatchSize
  /** The most patches of one call of `predict`. */
  readonly batch: number
  /** Probabilities of tumour, one a patch, each from that patch alone. Throws EngineError for patches of another size. */
  predict(batch: Pixels): Promise<Float32Array>
  close(): Promise<void>
}

/** Opens a pipeline from its bytes. Throws DataError naming `where` where it is none, or where its tensors are not in it. */
export async function openPipeline(
  bytes: Uint8Array,
  where: string,
  options: WebSessionOptions = {},
): Promise<WebPipeline> {
  const file = readPipelineFile(bytes, where)
  if (file.isSplit) {
    throw new DataError({
      where,
      expected: 'a pipeline in one file',
      got: 'one whose tensors lie in a file beside it',
      hint: 'a browser has no memory for a pipeline above 2 GiB: predict with eosin predict --onnx',
    })
  }
  const session = await openSession(bytes, options)
  return {
    ...file,
    provider: session.provider,
    patch: patchSizeOf(session),
    batch: batchSizeOf(session),
    predict: (batch) => runPipeline(session, batch),
    close: () => session.close(),
  }
}
