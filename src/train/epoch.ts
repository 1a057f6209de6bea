// What an epoch of training came to: what schedules, early stopping and checkpoints read.

/** Named figures, e.g. `{ loss, accuracy }`. */
export type Figures = Readonly<Record<string, number>>

/** One finished epoch. */
export interface EpochResult {
  /** 1, 2, ... */
  readonly epoch: number
  readonly learningRate: number
  /** Means over the epoch's steps. */
  readonly training: Figures
  /** After the epoch; `loss` decides about stopping, the rate and the best weights. */
  readonly validation: Figures & { readonly loss: number }
}
