// A process that embeds for another: `node extractorChild.js`, told over its channel by which extractor, then batches.

import type { Pixels } from '../base/index.ts'
import { answerTasks } from '../engine/index.ts'
import { openExtractor } from './openExtractor.ts'
import type { ExtractorOrder } from './spread.ts'

answerTasks<ExtractorOrder, Pixels, Float32Array>(async ({ spec, paths, threads }) => {
  const resolvePath = (written: string) => paths[written] ?? written
  const extractor = await openExtractor(spec, { device: 'cpu', threads, resolvePath })
  return (batch) => extractor.embed(batch)
})
