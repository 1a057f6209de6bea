// Learning rates over the epochs. A schedule is a pure function of what has happened so far, so resuming needs
// no state of its own.

import type { EpochResult } from './epoch.ts'

/** How the learning rate goes. */
export interface Schedule {
  /** What it is, options included, e.g. `plateau 0.5 3 0.0001 0`: part of a checkpoint's key. */
  readonly name: string
  /** The rate of the next epoch, given the finished ones and the rate the optimizer began with. */
  rate(history: readonly EpochResult[], base: number): number
}

/** The same rate in every epoch. */
export function constantRate(): Schedule {
  return { name: 'constant', rate: (_, base) => base }
}

/** The rates of an earlier training, epoch by epoch; the last of them goes on. */
export function fixedRates(rates: readonly number[]): Schedule {
  return { name: `fixed ${rates.join(' ')}`, rate: ({ length }) => rates[Math.min(length, rates.length - 1)] }
}

/** Options of plateauRate. */
export interface PlateauOptions {
  readonly factor?: number
  readonly patience?: number
  /** The relative improvement that counts as one. */
  readonly threshold?: number
  readonly minimum?: number
}

/**
 * The rate times `factor` (.5) after more than `patience` (3) epochs without a lower validation loss; as
 * torch's ReduceLROnPlateau.
 */
export function plateauRate(options: PlateauOptions = {}): Schedule {
  const { factor = 0.5, patience = 3, threshold = 1e-4, minimum = 0 } = options
  return {
    name: `plateau ${factor} ${patience} ${threshold} ${minimum}`,
    rate(history, base) {
      let rate = base
      let best = Number.POSITIVE_INFINITY
      let waited = 0
      for (const { validation } of history) {
        if (validation.loss < best * (1 - threshold)) {
          best = validation.loss
          waited = 0
        } else if (++waited > patience) {
          rate = Math.max(rate * factor, minimum)
          waited = 0
        }
      }
      return rate
    },
  }
}

/**
 * The base rate for `constant` epochs, then linearly towards 0 over `decay` further ones; as CycleGAN trains. With `falls`
 * `before`, every epoch has the rate that would follow it, as where a training lowers it at an epoch's start: 7 and 3
 * then run at 1 six times, .75, .5, .25 and 0.
 */
export function linearDecayRate(
  constant: number,
  decay: number,
  falls: 'after' | 'before' = 'after',
): Schedule {
  const ahead = falls === 'before' ? 1 : 0
  return {
    name: `linear ${constant} ${decay}${ahead ? ' before' : ''}`,
    rate: ({ length }, base) =>
      base * Math.max(0, 1 - Math.max(0, length + 1 + ahead - constant) / (decay + 1)),
  }
}
