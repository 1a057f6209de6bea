// Writes patches in the layout of the Kaggle challenge's train.h5, val.h5 and test.h5: one root group a patch,
// named by a decimal index, with img (3, H, W) float32 in [0, 1], label (scalar int64) and metadata (int64,
// center and slide).

import { DataError } from '../base/index.ts'
import { createHdf5 } from '../files/index.ts'
import type { Origin } from './patchSet.ts'

/** One patch to be written. */
export interface ChallengePatch {
  /** The group's name; the challenge uses decimal indices. */
  readonly id: string
  /** Either HWC bytes, or CHW floats in [0, 1] as they shall lie in the file. */
  readonly image: Uint8Array | Float32Array
  readonly label?: number
  readonly center?: number
  readonly slide?: number
}

/** How the file is laid out and what it says of itself. */
export interface ChallengeFileOptions {
  /** Deflates each image (level 4), as `h5py`'s `compression='gzip'` does; contiguous otherwise. */
  readonly compress?: boolean
  readonly height?: number
  readonly width?: number
  /** Kept in root attributes that our readers know; the challenge's own files have none. */
  readonly origin?: Origin
  readonly licence?: string
}

/** A challenge file being written; it appears at its path only when closed. */
export interface ChallengeWriter {
  append(patch: ChallengePatch): void
  close(): Promise<void>
  /** Gives up and removes what was written. */
  discard(): Promise<void>
}

/** Root attributes by which a file tells a reader what it is. */
export const originAttribute = 'eosin_origin'
export const licenceAttribute = 'eosin_licence'

/** Starts a challenge file. The same patches in the same order give the same bytes. */
export async function createChallengeFile(
  path: string,
  options: ChallengeFileOptions = {},
): Promise<ChallengeWriter> {
  const { compress = false, height = 96, width = 96, origin, licence } = options
  const file = await createHdf5(path)
  const shape = [3, height, width]
  const storage = compress ? { chunks: shape, deflate: 4 } : {}
  if (origin) file.writeText('/', originAttribute, origin)
  if (licence) file.writeText('/', licenceAttribute, licence)
  return {
    append({ id, image, label, center, slide }) {
      if (image.length !== 3 * height * width) {
        const got = `${image.length} values`
        throw new DataError({ where: `${path}/${id}`, expected: `3x${height}x${width}`, got })
      }
      const planes = image instanceof Float32Array ? image : toPlanes(image)
      file.createGroup(id)
      file.writeDataset(`${id}/img`, 'f32', shape, planes, storage)
      if (label !== undefined) file.writeDataset(`${id}/label`, 'i64', [], integers(label))
      if (center !== undefined) {
        const metadata = slide === undefined ? integers(center) : integers(center, slide)
        file.writeDataset(`${id}/metadata`, 'i64', [metadata.length], metadata)
      }
    },
    close: () => file.close(),
    discard: () => file.discard(),
  }
}

function integers(...values: number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt)
}

function toPlanes(interleaved: Uint8Array): Float32Array {
  const area = interleaved.length / 3
  const planes = new Float32Array(interleaved.length)
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      planes[channel * area + pixel] = interleaved[pixel * 3 + channel] / 255
    }
  }
  return planes
}
