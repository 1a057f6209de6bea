import { afterAll, describe, expect, it } from 'vitest'
import { type FittedStain, openStainWorkers } from '../../src/normalise/index.ts'
import { stainMethods } from '../../src/stain/index.ts'
import { drawTissue, joinPatches } from '../stain/pictures.ts'

const workers = openStainWorkers(2)
afterAll(() => workers.close())

const batch = joinPatches(Array.from({ length: 5 }, (_, i) => drawTissue(i, 48, i === 3 ? 0.01 : 0.9)))
const nothing = (async function* () {})()

describe('normalising in worker threads', () => {
  it.each([
    'none',
    'grayscale',
    'macenko',
    'reinhard',
  ] as const)('%s gives the same bytes and verdicts as without them', async (name) => {
    const method = stainMethods[name] as unknown as FittedStain['method']
    const options = method.defaults
    const fit = await method.fit(nothing, options)
    const entry = {
      label: name,
      name,
      options,
      reference: 'published',
      fallback: 'slide',
    } as FittedStain['entry']
    const context = { groups: [null, null, null, fit, null] }
    const before = batch.data.slice()
    const expected = await method.apply(batch, fit, options, context)
    const { pixels, verdicts, reasons } = await workers.apply({ entry, method, fit }, batch, context)
    expect(Buffer.compare(pixels.data, expected.pixels.data)).toBe(0)
    expect({ verdicts, reasons }).toEqual({ verdicts: expected.verdicts, reasons: expected.reasons })
    expect(Buffer.compare(batch.data, before)).toBe(0)
  })

  it('gives them where a batch is large enough for many parts', async () => {
    const many = joinPatches(Array.from({ length: 260 }, () => batch))
    const method = stainMethods.macenko as unknown as FittedStain['method']
    const options = method.defaults
    const fit = await method.fit(nothing, options)
    const entry = { label: 'm', name: 'macenko', options, reference: 'published', fallback: 'none' }
    const expected = await method.apply(many, fit, options)
    const stain = { entry, method, fit } as unknown as FittedStain
    const { pixels, verdicts } = await workers.apply(stain, many, {})
    expect(Buffer.compare(pixels.data, expected.pixels.data)).toBe(0)
    const out = new Uint8Array(new SharedArrayBuffer(many.data.length))
    const again = await workers.apply(stain, many, { out })
    expect(again.pixels.data).toBe(out)
    expect(Buffer.compare(out, expected.pixels.data)).toBe(0)
    expect(verdicts).toEqual(expected.verdicts)
  })
})
