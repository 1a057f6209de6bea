// Trains a learned stain in a folder, watched by texture features of its own pictures.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pixels, Progress } from '../base/index.ts'
import { openExtractor } from '../embed/index.ts'
import type { StainEntry } from '../recipe/index.ts'
import type { StainDomains, StainFit } from '../stain/index.ts'
import { type Device, methodOf } from './fittedStain.ts'

/** How a training runs, and what becomes of its fit. */
export interface StainTraining {
  readonly seed: number
  readonly device: Device
  readonly progress: Progress
  /** What must be the same for a training to go on. */
  readonly key?: string
  /** A fit that was trained before and is only to be distilled. */
  readonly trained?: StainFit | null
  keep(fit: StainFit): Promise<void>
}

/**
 * Trains in `folder`, going on from what an earlier run left there; curves and pictures lie in training/. What it goes
 * on from is removed once `keep` has the fit.
 */
export async function trainStain(
  domains: StainDomains,
  entry: StainEntry,
  folder: string,
  { seed, device, progress, key, trained, keep }: StainTraining,
): Promise<void> {
  const method = methodOf(entry)
  const checkpoints = join(folder, 'checkpoints')
  const isMeasurable = Math.min(domains.target.height, domains.target.width) >= 32
  const texture = isMeasurable ? await openExtractor('texture', { threads: device.threads }) : null
  try {
    const place = {
      ...device,
      folder: join(folder, 'training'),
      checkpoints,
      key,
      seed,
      embed: texture ? (batch: Pixels) => texture.embed(batch) : undefined,
      progress,
    }
    const fit = trained ?? (await method.train!(domains, entry.options, place))
    await keep(method.distill ? await method.distill(fit, domains, entry.options, place) : fit)
    await rm(checkpoints, { recursive: true, force: true })
  } finally {
    await texture?.close()
  }
}
