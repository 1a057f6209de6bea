// Where a model's weights come from: a file that is named, the cache, or values drawn at random.

import { WeightsError } from '../base/index.ts'
import { catalog } from './catalog.ts'
import { openCheckpoint } from './checkpoint.ts'
import type { Checkpoint } from './checkpointFile.ts'
import type { ModelCard } from './modelCard.ts'
import { locateWeights } from './pull.ts'
import { openRandomWeights, randomWeights } from './randomWeights.ts'

/** Which weights a model takes. */
export interface WeightsChoice {
  /** A checkpoint's path, `random`, or null for the one in the cache. */
  readonly weights: string | null
  /** Which of several models in it; null where that is open. */
  readonly part: string | null
}

/**
 * Opens the weights of the model `name`. Throws WeightsError where they are wanted from the cache and are not there, and
 * as openCheckpoint.
 */
export async function openModelCheckpoint(
  name: string,
  card: ModelCard,
  { weights, part }: WeightsChoice,
): Promise<Checkpoint> {
  if (weights === randomWeights) return openRandomWeights(card)
  return openCheckpoint(weights ?? (await findWeights(name, card)), part)
}

async function findWeights(name: string, card: ModelCard): Promise<string> {
  const path = await locateWeights(card)
  if (path) return path
  throw new WeightsError({
    where: name,
    expected: 'its weights in the cache, or the option weights',
    got: 'neither',
    hint:
      name in catalog ? `run \`eosin weights pull ${name}\`, or give weights: PATH` : 'give weights: PATH',
  })
}
