// Runs a graph once on the CPU.

import type { NdArray } from '../src/base/index.ts'
import { openSession } from '../src/engine/index.ts'
import { emitModel, type Value } from '../src/graph/index.ts'

/** The values of `outputs` for what is fed to `inputs` by name. */
export async function runGraph(
  outputs: Readonly<Record<string, Value>>,
  inputs: readonly Value[],
  feeds: Readonly<Record<string, NdArray>>,
): Promise<Readonly<Record<string, NdArray>>> {
  const session = await openSession(emitModel(outputs, { inputs }), { provider: 'cpu', threads: 1 })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}
