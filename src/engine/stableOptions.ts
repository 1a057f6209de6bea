// A session for a graph of this project's own is opened on no more threads than leave its bits as they are on one.

import { availableParallelism } from 'node:os'
import { stableThreads, type Value } from '../graph/index.ts'
import { chooseProvider } from './node.ts'
import type { SessionOptions } from './session.ts'

/**
 * The options for a session that runs `outputs`: with the threads that are given, or one for each processor, but with fewer
 * where more would give other bits. Where a GPU computes they stay as they are.
 */
export function stableOptions<Options extends SessionOptions>(
  outputs: Readonly<Record<string, Value>>,
  options: Options,
): Options {
  if (chooseProvider(options.provider) !== 'cpu') return options
  const limit = stableThreads(outputs)
  if (limit >= (options.threads ?? availableParallelism())) return options
  return { ...options, threads: limit }
}
