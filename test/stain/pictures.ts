// Pictures that the stain tests are made of: H&E-like patches with known stain vectors, and odd ones.

import { openRandom, type Pixels, type Random } from '../../src/base/index.ts'
import type { StainMatrix } from '../../src/stain/index.ts'

export const trueStains: StainMatrix = [
  [0.6, 0.7, 0.387],
  [0.2, 0.88, 0.43],
]

/** A patch of `side` x `side` in `stains`: nuclei on eosin, `share` of it tissue, white elsewhere. */
export function drawTissue(
  seed: number,
  side: number,
  share = 1,
  stains: StainMatrix = trueStains,
  strength = 1,
): Pixels {
  const random = openRandom(seed, 'test tissue')
  const data = new Uint8Array(side * side * 3)
  const [h, e] = stains
  for (let i = 0; i < side * side; i++) {
    const isTissue = Math.floor(i / side) < share * side
    const isNucleus = (i * 7919 + seed) % 5 < 2
    const a = isTissue ? strength * (isNucleus ? 0.5 + random.uniform() : 0.05 * random.uniform()) : 0
    const b = isTissue ? strength * (isNucleus ? 0.1 * random.uniform() : 0.3 + 0.6 * random.uniform()) : 0
    for (let k = 0; k < 3; k++) {
      const light = 250 * Math.exp(-(a * h[k] + b * e[k])) + random.normal()
      data[3 * i + k] = Math.max(0, Math.min(255, light))
    }
  }
  return { data, count: 1, height: side, width: side }
}

/** A patch filled by `paint`, called with the random stream and the byte's index. */
export function fillPatch(seed: number, side: number, paint: (random: Random, at: number) => number): Pixels {
  const random = openRandom(seed, 'test patch')
  const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => paint(random, at))
  return { data, count: 1, height: side, width: side }
}

/** Patches of one size as one batch. */
export { joinPixels as joinPatches } from '../../src/base/index.ts'

/** Batches as the stream that `fit` takes. */
export async function* streamOf(...batches: Pixels[]): AsyncGenerator<Pixels> {
  yield* batches
}
