// The pixels of a whole reference set in bounded memory: as they are while they are few, then as a histogram
// of the 2^24 colours (64 MiB) from which a fixed number is drawn at even steps. No pixel's position is kept.

import { joinBytes, type Pixels } from '../base/index.ts'

/** Collects reference pixels. */
export interface ColourPool {
  add(batch: Pixels): void
  /** RGB bytes: all pixels while there are at most the limit, else `limit` of them drawn evenly by colour. */
  bytes(): Uint8Array
}

/** Opens a pool that yields at most `limit` pixels (4 million: percentiles to one in 40,000). */
export function openColourPool(limit = 2 ** 22): ColourPool {
  const chunks: Uint8Array[] = []
  let total = 0
  let histogram: Uint32Array | null = null
  return {
    add({ data }) {
      total += data.length / 3
      if (histogram) return countColours(data, histogram)
      chunks.push(data.slice())
      if (total <= limit) return
      histogram = new Uint32Array(2 ** 24)
      for (const chunk of chunks.splice(0)) countColours(chunk, histogram)
    },
    bytes: () => (histogram ? drawEvenly(histogram, total, limit) : joinBytes(chunks)),
  }
}

function countColours(data: Uint8Array, histogram: Uint32Array): void {
  for (let at = 0; at < data.length; at += 3) {
    histogram[(data[at] << 16) | (data[at + 1] << 8) | data[at + 2]]++
  }
}

// Pixel k of the draw is the one at rank (k + 1/2) total / limit among all pixels sorted by colour.
function drawEvenly(histogram: Uint32Array, total: number, limit: number): Uint8Array {
  const drawn = new Uint8Array(limit * 3)
  let next = 0
  let passed = 0
  for (let colour = 0; colour < histogram.length && next < limit; colour++) {
    passed += histogram[colour]
    while (next < limit && ((next + 0.5) * total) / limit < passed) {
      drawn[3 * next] = colour >> 16
      drawn[3 * next + 1] = (colour >> 8) & 255
      drawn[3 * next + 2] = colour & 255
      next++
    }
  }
  return drawn
}
