// A worker thread's side of the texture extractor.

import { moveResult } from '../../engine/index.ts'
import { createTexture, type Texture, textureNames } from './texture.ts'

/** Some patches of one size: `count` x `height` x `width` RGB bytes. */
export interface TextureTask {
  readonly data: Uint8Array
  readonly count: number
  readonly height: number
  readonly width: number
}

let texture: Texture | undefined

/** Measures every patch of a task: row-major, count x dimensions. */
export function measureTask({ data, count, height, width }: TextureTask): Float32Array {
  if (texture?.height !== height || texture.width !== width) texture = createTexture(height, width)
  const rows = new Float32Array(count * textureNames.length)
  for (let i = 0; i < count; i++) {
    texture.measure(data, i * height * width * 3, rows, i * textureNames.length)
  }
  return rows
}

/** What the worker pool calls: the rows are handed over without a copy. */
export function runTask(task: TextureTask): Float32Array {
  return moveResult(measureTask(task))
}
