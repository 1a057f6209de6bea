import { describe, expect, it } from 'vitest'
import { f32, openRandom } from '../../src/base/index.ts'
import { measureSignature } from '../../src/evaluate/index.ts'

const dimensions = 12

/** Four slides a center, 30 patches a slide; `apart` moves centers, `slideApart` slides, tumour moves one dimension. */
function drawRows(apart: number, slideApart = 0, centers = 3) {
  const random = openRandom(4, 'signature rows')
  const rows: number[][] = []
  const facts = { centers: [] as string[], slides: [] as string[], labels: [] as number[] }
  for (let center = 0; center < centers; center++) {
    for (let slide = 0; slide < 4; slide++) {
      const shift = Array.from({ length: dimensions }, () => slideApart * random.normal())
      for (let i = 0; i < 30; i++) {
        const label = Number(random.uniform() < 0.2 + 0.3 * center) // shares of tumour differ
        rows.push(
          shift.map(
            (by, k) => by + random.normal() + (k === center ? apart : 0) + (k === 11 ? 6 * label : 0),
          ),
        )
        facts.centers.push(`c${center}`)
        facts.slides.push(`${slide}`)
        facts.labels.push(label)
      }
    }
  }
  return {
    x: f32([rows.length, dimensions], rows.flat()),
    centers: facts.centers,
    slides: facts.slides,
    labels: Uint8Array.from(facts.labels),
  }
}

describe('the hospital signature', () => {
  it('is at chance where centers are alike, though their shares of tumour differ', async () => {
    const signature = (await measureSignature(drawRows(0), { seed: 0 }))!
    expect(signature).toMatchObject({ centers: ['c0', 'c1', 'c2'], chance: 1 / 3, grouped: 'slides' })
    for (const figure of [signature.linear, signature.neighbours]) {
      expect(figure.low).toBeLessThan(1 / 3)
      expect(figure.value).toBeLessThan(0.45)
    }
    expect(Math.abs(signature.silhouette.value)).toBeLessThan(0.03)
  })

  it('would be given away by the share of tumour, were labels not sampled alike', async () => {
    const signature = (await measureSignature({ ...drawRows(0), labels: null }, { seed: 0 }))!
    expect(signature.linear.low).toBeGreaterThan(1 / 3)
  })

  it('is certain where centers lie apart, and grows on the way there', async () => {
    const signatureOf = async (apart: number) => (await measureSignature(drawRows(apart), { seed: 0 }))!
    const [some, all] = [await signatureOf(1), await signatureOf(8)]
    expect(some.linear.value).toBeGreaterThan(0.5)
    expect(all.linear.value).toBe(1)
    expect(all.neighbours.value).toBeGreaterThan(0.98)
    expect(all.silhouette.value).toBeGreaterThan(some.silhouette.value + 0.1)
  })

  it('does not take slides for centers: folds keep slides whole', async () => {
    const rows = drawRows(0, 3)
    const bySlide = (await measureSignature(rows, { seed: 0 }))!
    const byPatch = (await measureSignature({ ...rows, slides: null }, { seed: 0 }))!
    expect(bySlide.neighbours.value).toBeLessThan(0.6)
    expect(byPatch).toMatchObject({ grouped: 'patches' })
    expect(byPatch.neighbours.value).toBeGreaterThan(0.9)
  })

  it('does not depend on the order of rows or on the names of slides', async () => {
    const rows = drawRows(1, 1)
    const order = openRandom(9).permutation(rows.centers.length)
    const data = Array.from(order).flatMap((row) =>
      Array.from(rows.x.data.slice(row * dimensions, (row + 1) * dimensions)),
    )
    const shuffled = {
      x: f32(rows.x.shape, data),
      centers: Array.from(order, (row) => rows.centers[row]),
      slides: Array.from(order, (row) => `renamed ${9 - Number(rows.slides[row])}`),
      labels: Uint8Array.from(order, (row) => rows.labels[row]),
    }
    const options = { seed: 3, perCenter: 60 }
    const signature = (await measureSignature(rows, options))!
    expect(await measureSignature(shuffled, options)).toEqual(signature)
    expect(signature.count).toBeLessThanOrEqual(180)
  })

  it('is nothing with one center, and finite where all rows are the same', async () => {
    expect(await measureSignature(drawRows(1, 0, 1), { seed: 0 })).toBeNull()
    const same = drawRows(0)
    const signature = (await measureSignature({ ...same, x: f32(same.x.shape) }, { seed: 0 }))!
    expect(Math.abs(signature.linear.value - 1 / 3)).toBeLessThan(0.1)
    expect(signature.silhouette.value).toBe(0)
  })

  it('refuses a column of another length', async () => {
    await expect(measureSignature({ ...drawRows(0), centers: ['a'] }, { seed: 0 })).rejects.toThrow(
      'signature centers: expected 360 entries, got 1',
    )
  })
})
