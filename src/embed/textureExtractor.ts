// The extractor `texture`: no weights, measured in worker threads. The result does not depend on their number.

import { availableParallelism } from 'node:os'
import { joinFloats, type Pixels } from '../base/index.ts'
import { openWorkers } from '../engine/index.ts'
import { hashBytes } from '../files/index.ts'
import type { Extractor } from './extractor.ts'
import type { ExtractorMethod } from './extractorMethod.ts'
import { checkPatchSize, textureNames, textureVersion } from './texture/texture.ts'
import type { TextureTask } from './texture/textureWorker.ts'

/** Texture has nothing to choose: its regions, radii, distances and levels are part of its version. */
export type TextureOptions = Readonly<Record<never, never>>

const smallestTask = 16

/** The method behind `texture`. */
export const textureMethod: ExtractorMethod<TextureOptions> = {
  about:
    'distributions, local binary patterns, co-occurrence and spectrum of density and hematoxylin; no weights',
  takesPath: false,
  usesDevice: false,
  defaults: {},
  rules: {},
  async open(_options, { threads = availableParallelism() }) {
    const moduleUrl = new URL('./texture/textureWorker.ts', import.meta.url)
    const workers = openWorkers<TextureTask, Float32Array>(moduleUrl, { threads })
    return {
      name: 'texture',
      key: hashBytes(`texture ${textureVersion}`),
      dimensions: textureNames.length,
      featureNames: textureNames,
      provenance: null,
      async embed(batch) {
        if (batch.count > 0) checkPatchSize(batch.height, batch.width) // refuses a size before any thread sees it
        const tasks = splitBatch(batch, workers.threads)
        const parts = await Promise.all(tasks.map((task) => workers.run(task, ownedBuffers(task))))
        return joinFloats(parts)
      },
      close: () => workers.close(),
    } satisfies Extractor
  },
}

// Consecutive runs of patches, about one a thread. The batch stays the caller's: a part is copied out and its copy
// moved to the thread, unless the memory is shared already.
function splitBatch({ data, count, height, width }: Pixels, threads: number): TextureTask[] {
  const size = height * width * 3
  const run = Math.max(smallestTask, Math.ceil(count / threads))
  const isShared = data.buffer instanceof SharedArrayBuffer
  return Array.from({ length: Math.ceil(count / run) }, (_, part) => {
    const rows = Math.min(run, count - part * run)
    const view = data.subarray(part * run * size, (part * run + rows) * size)
    return { data: isShared ? view : new Uint8Array(view), count: rows, height, width }
  })
}

function ownedBuffers({ data }: TextureTask): ArrayBuffer[] {
  return data.buffer instanceof ArrayBuffer ? [data.buffer] : []
}
