// An exported pipeline as a file: what it says of itself, and how patches are run through it. Under Node and in a browser.

import { DataError, ndarray, type Pixels, parseDecimal } from '../base/index.ts'
import type { Session } from '../engine/index.ts'
import { readOnnx } from '../formats/index.ts'
import type { PatchSize } from '../patches/index.ts'

/** The version of a pipeline's form: its input, output and the strings in its metadata. */
export const pipelineVersion = '1'

/** What a pipeline's metadata say. */
export interface PipelineFile {
  /** All strings, by key. */
  readonly metadata: Readonly<Record<string, string>>
  /** The cell that it was made of. */
  readonly model: string
  /** From which probability on a patch is called tumour, 0 to 1. */
  readonly threshold: number
  readonly transductive: boolean
  /** Its tensors lie in a file of their own. */
  readonly isSplit: boolean
}

/** Reads a pipeline's metadata from its bytes. Throws DataError naming `where` where it is none that `eosin export` wrote. */
export function readPipelineFile(bytes: Uint8Array, where: string): PipelineFile {
  const { metadataProps, graph } = readOnnx(bytes, where)
  const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]))
  const version = metadata['eosin.pipeline']
  if (version !== pipelineVersion) {
    throw new DataError({
      where,
      expected: `a pipeline of version ${pipelineVersion}`,
      got: version ? `version ${version}` : 'another ONNX model',
      hint: 'write one with eosin export',
    })
  }
  const threshold = parseDecimal(metadata.threshold ?? '')
  if (threshold === undefined) {
    const got = metadata.threshold === undefined ? 'none' : `'${metadata.threshold}'`
    throw new DataError({ where: `${where} metadata 'threshold'`, expected: 'a number', got })
  }
  return {
    metadata,
    model: metadata.model ?? where,
    threshold,
    transductive: metadata.transductive !== undefined,
    isSplit: graph?.initializer.some(({ dataLocation }) => dataLocation !== 0) ?? false,
  }
}

// Patches to a run where the pipeline leaves that open.
const usualBatch = 8

/** Sides of the patches that a pipeline takes, in pixels. */
export function patchSizeOf({ inputs }: Session): PatchSize {
  const [, height, width] = inputs[0].shape as readonly number[]
  return { height, width }
}

/** How many patches a pipeline is given at a time. */
export function batchSizeOf(session: Session): number {
  return fixedBatch(session) ?? usualBatch
}

/** Probabilities of tumour of at most `batchSizeOf(session)` patches of the pipeline's size. */
export async function runPipeline(session: Session, batch: Pixels): Promise<Float32Array> {
  const { height, width } = batch
  const count = fixedBatch(session) ?? batch.count
  const data = new Uint8Array(count * height * width * 3) // those too many stay black
  data.set(batch.data)
  const { probability } = await session.run({ patches: ndarray('u8', [count, height, width, 3], data) })
  return (probability.data as Float32Array).subarray(0, batch.count)
}

function fixedBatch({ inputs }: Session): number | null {
  const [batch] = inputs[0].shape
  return typeof batch === 'number' && batch > 0 ? batch : null
}
