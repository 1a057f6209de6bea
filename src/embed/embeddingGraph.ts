// What an extractor written as a graph offers, a known model and an ONNX file alike.

import type { Value } from '../graph/index.ts'
import type { ImageTransform } from '../patches/index.ts'
import type { ModelCard } from '../weights/index.ts'

/** An extractor as a graph. */
export interface ExtractorGraph {
  /** What is made of the pixels before they enter the graph. */
  readonly transform: ImageTransform
  /** The number of images to a run, where the model fixes it. */
  readonly batch: number | null
  /** How many flips and turns of a patch the embedding is the mean of; `write` embeds each by itself. */
  readonly views: number
  /** What is known of the model, where it is a published one. */
  readonly card: ModelCard | null
  /** Writes embeddings [batch, dimensions] of images [batch, 3, height, width]; the batch may be named. */
  write(images: Value): Value
}
