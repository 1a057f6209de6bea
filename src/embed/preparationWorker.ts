// A worker thread's side of the preparation of pictures.

import { pixels } from '../base/index.ts'
import { moveResult } from '../engine/index.ts'
import { type ImageTransform, toTensor, transformPixels } from '../patches/index.ts'

/** Patches of one size, `count` x `height` x `width` RGB bytes, for a run of `size`. */
export interface PreparationTask {
  readonly data: Uint8Array
  readonly count: number
  readonly height: number
  readonly width: number
  readonly transform: ImageTransform
  readonly size: number
}

/** float32 [size, 3, height, width] of what the transform makes; entries past `count` are zero. */
export function prepareRun({ data, count, height, width, transform, size }: PreparationTask): Float32Array {
  const pictures = transformPixels(pixels(data, count, height, width), transform)
  const values = new Float32Array(size * 3 * pictures.height * pictures.width)
  toTensor(pictures, transform.mean, transform.std, values.subarray(0, (values.length / size) * count))
  return values
}

/** What the worker pool calls: the values are handed over without a copy. */
export function runTask(task: PreparationTask): Float32Array {
  return moveResult(prepareRun(task))
}
