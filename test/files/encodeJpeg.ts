// JPEG files for tests; Eosin itself writes none.

import sharp from 'sharp'
import type { Pixels } from '../../src/base/index.ts'

/** Encodes one patch as baseline JPEG, `quality` 1 to 100, without chroma subsampling from 90 on. */
export async function encodeJpeg({ data, height, width }: Pixels, quality = 90): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: quality >= 90 ? '4:4:4' : '4:2:0', mozjpeg: false })
    .toBuffer()
}
