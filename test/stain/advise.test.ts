import { describe, expect, it } from 'vitest'
import { adviseReference, type NamedBatch, type StainMatrix } from '../../src/stain/index.ts'
import { drawTissue, fillPatch, trueStains } from './pictures.ts'

const odd: StainMatrix = [
  [0.75, 0.6, 0.28],
  [0.35, 0.9, 0.26],
]

async function* named(...batches: NamedBatch[]): AsyncGenerator<NamedBatch> {
  yield* batches
}
const one = (id: string, pixels: NamedBatch['pixels']): NamedBatch => ({ ids: [id], pixels })

describe('advice on the reference', () => {
  it('names a usual patch as medoid and the odd ones as diverse, and lists what cannot be one', async () => {
    const usual = [1, 2, 3, 4].map((seed) => one(`usual ${seed}`, drawTissue(seed, 48)))
    const advice = await adviseReference(
      named(
        one('odd', drawTissue(5, 48, 1, odd)),
        ...usual,
        one('weak', drawTissue(6, 48, 1, trueStains, 0.4)),
        one(
          'glass',
          fillPatch(0, 48, () => 245),
        ),
      ),
      2,
    )
    expect(advice.candidates.map(({ role }) => role)).toEqual(['medoid', 'diverse', 'diverse'])
    expect(advice.candidates[0].id).toMatch(/^usual/)
    expect(
      advice.candidates
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['odd', 'weak'])
    expect(advice.spread.largest).toBeGreaterThan(3 * advice.spread.median)
    expect(advice.compared).toBe(6)
    expect(advice.unfit).toEqual([{ id: 'glass', reason: 'too little tissue: 0 of 2304 pixels' }])
  })

  it('is a DataError where no patch can be fitted', async () => {
    await expect(
      adviseReference(
        named(
          one(
            'glass',
            fillPatch(0, 16, () => 245),
          ),
        ),
      ),
    ).rejects.toThrow(/expected patches with tissue/)
  })
})
