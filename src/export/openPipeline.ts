// An exported pipeline in use: it needs the file and nothing else of Eosin's.

import { readFile } from 'node:fs/promises'
import { DataError, describeCause, type Progress } from '../base/index.ts'
import { openSession, type ProviderChoice, type Session } from '../engine/index.ts'
import { allRows, type PatchSet, readBatches, requireSize } from '../patches/index.ts'
import type { Model } from '../study/index.ts'
import { batchSizeOf, patchSizeOf, readPipelineFile, runPipeline } from './pipelineFile.ts'

/** A pipeline ready to predict, as a run's model is; it sees each patch by itself. Close it when done. */
export type OpenPipeline = Model

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
  const { model: name, threshold, transductive } = readPipelineFile(bytes, path)
  const session = await openSession(path, { provider: device as ProviderChoice, threads })
  return {
    name,
    threshold,
    transductive,
    patch: patchSizeOf(session),
    predict: (set, progress) => predictSet(session, set, progress),
    close: () => session.close(),
  }
}

async function predictSet(session: Session, set: PatchSet, progress: Progress): Promise<Float32Array> {
  requireSize(set, patchSizeOf(session))
  const probabilities = new Float32Array(set.count)
  let done = 0
  for await (const { pixels } of readBatches(set, allRows(set), batchSizeOf(session))) {
    probabilities.set(await runPipeline(session, pixels), done)
    done += pixels.count
    progress(done, set.count)
  }
  return probabilities
}
