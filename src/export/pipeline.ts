// A run's chosen model as one graph: patches as bytes -> stain -> what the network eats -> embedding -> the mean of the
// seeds' probabilities.

import type { ExtractorGraph } from '../embed/index.ts'
import { cast, input, transpose, type Value } from '../graph/index.ts'
import { writeStain } from '../stain/graph/index.ts'
import type { MemberFile } from '../study/index.ts'
import { type HeadFiles, writeHeads, writeTemperature } from './head.ts'
import { writeTransform } from './transform.ts'
import { writeViews } from './views.ts'

/** What a pipeline is composed of. */
export interface PipelineParts {
  readonly model: Pick<MemberFile, 'stain' | 'fit' | 'head'>
  /** What log odds are divided by. */
  readonly temperature?: number
  readonly extractor: ExtractorGraph
  /** One a seed. */
  readonly heads: readonly HeadFiles[]
  /** Sides of the patches in pixels. */
  readonly height: number
  readonly width: number
}

/** A pipeline's input and output. */
export interface Pipeline {
  /** RGB bytes [n, height, width, 3]; n is a number where the extractor fixes it. */
  readonly patches: Value
  /** Probability of tumour, [n, 1]. */
  readonly probability: Value
}

/** Writes the graph. Throws UsageError for a stain that has no graph, ShapeError where parts do not fit. */
export function writePipeline({
  model,
  temperature = 1,
  extractor,
  heads,
  height,
  width,
}: PipelineParts): Pipeline {
  const patches = input('patches', [extractor.batch ?? 'n', height, width, 3], 'u8')
  const stained = writeStain(cast(patches, 'f64'), model.stain, model.fit)
  const bytes = transpose(stained, [0, 3, 1, 2])
  const transform = (some: Value) => writeTransform(some, extractor.transform)
  const embeddings =
    extractor.views === 1
      ? extractor.write(transform(bytes))
      : writeViews(bytes, extractor.views, { transform, embed: extractor.write })
  return { patches, probability: writeTemperature(writeHeads(embeddings, model.head, heads), temperature) }
}
