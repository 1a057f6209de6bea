// Stain methods as graph ops, against the methods themselves on the same patches.

import { describe, expect, it } from 'vitest'
import { type Pixels, pixels } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { writeStain } from '../../src/export/index.ts'
import { cast, emitModel, input } from '../../src/graph/index.ts'
import { stainMethods } from '../../src/stain/index.ts'

async function runStain(batch: Pixels, name: string, options: object, fit: object): Promise<Uint8Array> {
  const { count, height, width, data } = batch
  const patches = input('patches', ['n', height, width, 3], 'u8')
  const entry = { name, options: options as Record<string, unknown> }
  const stained = writeStain(cast(patches, 'f64'), entry, fit as Record<string, unknown>)
  const session = await openSession(emitModel({ stained }), { provider: 'cpu' })
  try {
    const fed = { patches: { dtype: 'u8', shape: [count, height, width, 3], data } } as const
    return Uint8Array.from((await session.run(fed)).stained.data as Float64Array)
  } finally {
    await session.close()
  }
}

// All 16,777,216 colours would be slow: steps of 5 meet every level of the tables.
function everyColour(): Pixels {
  const levels = Array.from({ length: 52 }, (_, i) => 5 * i)
  const data = levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b])))
  return pixels(Uint8Array.from(data), 1, 52 * 52, 52)
}

describe('writeStain', () => {
  it('leaves patches as they are for none', async () => {
    const batch = everyColour()
    expect(await runStain(batch, 'none', {}, {})).toEqual(batch.data)
  })

  it('is grayscale bit for bit', async () => {
    const batch = everyColour()
    const expected = await stainMethods.grayscale.apply(batch, {}, {})
    expect(await runStain(batch, 'grayscale', {}, {})).toEqual(expected.pixels.data)
  })

  it('refuses a method that has no graph, and says what to do', async () => {
    await expect(runStain(everyColour(), 'vahadane', {}, {})).rejects.toThrow(
      /^stain vahadane: expected a method that graph ops can express.*predict with the run instead/,
    )
  })
})
