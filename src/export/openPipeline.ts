// An exported pipeline in use: it needs the file and nothing else of Eosin's.

import { readFile } from 'node:fs/promises'
import { DataError, describeCause, ndarray, type Progress, parseDecimal } from '../base/index.ts'
import { openSession, type ProviderChoice, type Session } from '../engine/index.ts'
import { readOnnx } from '../formats/index.ts'
import { allRows, type PatchSet, type PatchSize, readBatches, requireSize } from '../patches/index.ts'
import type { Model } from '../study/index.ts'
import { pipelineVersion } from './metadata.ts'

/** A pipeline ready to predict, as a run's model is; it sees each patch by itself. Close it when done. */
export type OpenPipeline = Model

// Patches to a run where the pipeline leaves that open.
const usualBatch = 8

/** Opens the pipeline at `path`. Throws DataError where it is no pipeline that `eosin export` wrote. */
export async function openPipeline(
  path: string,
  { device = 'auto', threads }: { readonly device?: string; readonly threads?: number } = {},
): Promise<OpenPipeline> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError(
      { where: path, expected: 'a pipeline', got: describeCause(cause), hint: 'write one with eosin export' },
      cause,
    )
  })
  const metadata = new Map(readOnnx(bytes, path).metadataProps.map(({ key, value }) => [key, value]))
  const version = metadata.get('eosin.pipeline')
  if (version !== pipelineVersion) {
    throw new DataError({
      where: path,
      expected: `a pipeline of version ${pipelineVersion}`,
      got: version ? `version ${version}` : 'another ONNX model',
      hint: 'write one with eosin export',
    })
  }
  const threshold = parseDecimal(metadata.get('threshold') ?? '')
  if (threshold === undefined) {
    const got = metadata.has('threshold') ? `'${metadata.get('threshold')}'` : 'none'
    throw new DataError({ where: `${path} metadata 'threshold'`, expected: 'a number', got })
  }
  const session = await openSession(path, { provider: device as ProviderChoice, threads })
  return {
    name: metadata.get('model') ?? path,
    threshold,
    transductive: metadata.has('transductive'),
    patch: sizeOf(session),
    predict: (set, progress) => predictSet(session, set, progress),
    close: () => session.close(),
  }
}

function sizeOf({ inputs }: Session): PatchSize {
  const [, height, width] = inputs[0].shape as readonly number[]
  return { height, width }
}

async function predictSet(session: Session, set: PatchSet, progress: Progress): Promise<Float32Array> {
  requireSize(set, sizeOf(session))
  const [batch] = session.inputs[0].shape
  const { height, width } = set
  const fixed = typeof batch === 'number' && batch > 0 ? batch : null
  const probabilities = new Float32Array(set.count)
  let done = 0
  for await (const { pixels } of readBatches(set, allRows(set), fixed ?? usualBatch)) {
    const count = fixed ?? pixels.count
    const data = new Uint8Array(count * height * width * 3) // those too many stay black
    data.set(pixels.data)
    const { probability } = await session.run({ patches: ndarray('u8', [count, height, width, 3], data) })
    probabilities.set((probability.data as Float32Array).subarray(0, pixels.count), done)
    done += pixels.count
    progress(done, set.count)
  }
  return probabilities
}
