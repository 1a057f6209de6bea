import { describe, expect, it } from 'vitest'
import { type Pixels, pixels } from '../../src/base/index.ts'
import { type Extractor, embedPatches } from '../../src/embed/index.ts'

// Embeds a patch as its first byte; later batches are done sooner.
function openSlowStarter(): Extractor & { peak: number } {
  let working = 0
  const extractor = {
    name: 'test',
    key: 'test',
    dimensions: 1,
    featureNames: null,
    provenance: null,
    peak: 0,
    async embed(batch: Pixels) {
      working++
      extractor.peak = Math.max(extractor.peak, working)
      const first = batch.data[0]
      if (first === 99) throw new RangeError('batch 99')
      await new Promise((resolve) => setTimeout(resolve, 20 - first))
      working--
      return Float32Array.from({ length: batch.count }, (_, i) => batch.data[i * 3])
    },
    close: async () => {},
  }
  return extractor
}

function* makeBatches(firsts: number[]): Generator<Pixels> {
  for (const first of firsts) yield pixels(Uint8Array.of(first, 0, 0, first + 1, 0, 0), 2, 1, 1)
}

describe('embedding a stream', () => {
  it('appends rows in order, though later batches are done sooner, with few batches in work', async () => {
    const rows: number[] = []
    const seen: number[] = []
    const extractor = openSlowStarter()
    const count = await embedPatches({
      batches: makeBatches([0, 4, 8, 12, 16]),
      extractor,
      inFlight: 3,
      append: (values) => void rows.push(...values),
      progress: (done) => seen.push(done),
    })
    expect(count).toBe(10)
    expect(rows).toEqual([0, 1, 4, 5, 8, 9, 12, 13, 16, 17])
    expect(seen).toEqual([2, 4, 6, 8, 10])
    expect(extractor.peak).toBe(3)
  })

  it('ends with the first error and appends only what came before it', async () => {
    const rows: number[] = []
    const work = embedPatches({
      batches: makeBatches([0, 99, 4]),
      extractor: openSlowStarter(),
      append: (values) => void rows.push(...values),
    })
    await expect(work).rejects.toThrow('batch 99')
    expect(rows).toEqual([0, 1])
  })

  it('passes on an error of the source', async () => {
    async function* breakOff() {
      yield* makeBatches([1])
      throw new Error('file ends early')
    }
    const work = embedPatches({ batches: breakOff(), extractor: openSlowStarter(), append: () => {} })
    await expect(work).rejects.toThrow('file ends early')
  })
})
