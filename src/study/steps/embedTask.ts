// What it takes to embed rows of a set.

import type { Progress } from '../../base/index.ts'
import type { Extractor } from '../../embed/index.ts'
import type { FittedStain, GroupFits, StainedPixels } from '../../normalise/index.ts'
import type { PatchSet } from '../../patches/index.ts'
import type { Augmenter } from './augmentViews.ts'

/** What `embedRows` needs. `folder` receives embeddings.npy and verdicts.npy. */
export interface EmbedTask {
  readonly set: PatchSet
  readonly rows: Uint32Array
  readonly stain: FittedStain
  /** What patches with too little tissue fall back on. */
  readonly groups: GroupFits
  /** The patches as they were normalised before, where they were. */
  readonly stained?: StainedPixels
  readonly augmenter: Augmenter
  readonly extractor: Extractor
  readonly folder: string
  readonly progress: Progress
}
