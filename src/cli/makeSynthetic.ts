// Makes synthetic files with all cores: what `patches make` and `demo` share.

import type { SyntheticBatch, SyntheticOptions, SyntheticPaths, SyntheticTask } from '../synthetic/index.ts'
import { clearLine, showProgress } from './terminal.ts'

/** Writes train.h5, val.h5, test.h5 and their truth into `folder`, rendering in worker threads. */
export async function makeSynthetic(
  folder: string,
  options: Partial<SyntheticOptions>,
): Promise<SyntheticPaths> {
  const { makeSyntheticChallenge, syntheticWorker } = await import('../synthetic/index.ts')
  const { openWorkers } = await import('../engine/index.ts')
  const workers = openWorkers<SyntheticTask, SyntheticBatch>(syntheticWorker)
  try {
    return await makeSyntheticChallenge(folder, options, showProgress(`make     ${folder}`), (task) =>
      workers.run(task),
    )
  } finally {
    await workers.close()
    clearLine()
  }
}
