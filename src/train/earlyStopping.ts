// When to stop, and which epoch to keep: both read from the validation losses so far.

import type { EpochResult } from './epoch.ts'

/** Stop after this many epochs without a lower validation loss. */
export interface EarlyStopping {
  readonly patience: number
}

/** The index of the epoch with the lowest validation loss (the first of equals), or -1 for no epochs. */
export function findBestEpoch(history: readonly EpochResult[]): number {
  let best = -1
  history.forEach(({ validation }, i) => {
    if (best < 0 || validation.loss < history[best].validation.loss) best = i
  })
  return best
}

/** Whether the last `patience` epochs brought nothing better. */
export function shouldStop(history: readonly EpochResult[], { patience }: EarlyStopping): boolean {
  return history.length > 0 && history.length - 1 - findBestEpoch(history) >= patience
}
