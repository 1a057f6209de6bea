import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { f32 } from '../../src/base/index.ts'
import { headMethods, loadHead } from '../../src/classify/index.ts'
import { openNeighbours } from '../../src/classify/neighbours.ts'
import { makeRows, measureAccuracy } from './rows.ts'

const { knn } = headMethods
const line = { x: f32([5, 1], [0, 1, 2, 10, 11]), y: Uint8Array.of(0, 0, 1, 1, 1) }
const plain = { k: 3, metric: 'euclidean', weighting: 'uniform', standardize: false } as const

describe('openNeighbours', () => {
  it('finds the k largest, falling, the first of equals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3 }), (values) => {
        const sorted = values
          .map((value, row) => ({ value, row }))
          .sort((a, b) => b.value - a.value || a.row - b.row)
        const { rows, products } = openNeighbours(3).find(Float32Array.from(values))
        expect([...rows]).toEqual(sorted.slice(0, 3).map(({ row }) => row))
        expect([...products]).toEqual(sorted.slice(0, 3).map(({ value }) => value))
      }),
    )
  })
})

describe('k nearest neighbours', () => {
  it('lets the three nearest vote', async () => {
    const head = await knn.fit(line, line, plain, 0)
    const p = await head.predict(f32([3, 1], [0.5, 5.9, 20]))
    expect([...p]).toEqual([1 / 3, 2 / 3, 1].map(Math.fround))
  })

  it('weighs votes by the inverse of the distance', async () => {
    const head = await knn.fit(line, line, { ...plain, weighting: 'distance' }, 0)
    const [p, same] = await head.predict(f32([2, 1], [4, 2]))
    // neighbours of 4: 2 (tumour, 2 away), 1 (normal, 3), 0 (normal, 4)
    expect(p).toBeCloseTo(1 / 2 / (1 / 2 + 1 / 3 + 1 / 4), 5)
    expect(same).toBeCloseTo(1, 4)
  })

  it('looks at the angle only, by cosine', async () => {
    const rows = { x: f32([4, 2], [1, 0, 2, 0.2, 0, 1, 0.1, 5]), y: Uint8Array.of(0, 0, 1, 1) }
    const head = await knn.fit(rows, rows, { ...plain, k: 2, metric: 'cosine' }, 0)
    const [flat, steep, none] = await head.predict(f32([3, 2], [100, 1, 1, 100, 0, 0]))
    expect([flat, steep]).toEqual([0, 1])
    expect(none).toBeGreaterThanOrEqual(0) // no angle: all are as near
  })

  it('agrees with distances computed one by one', async () => {
    const train = makeRows(150, 6)
    const probe = makeRows(40, 6, 9)
    const head = await knn.fit(train, train, { ...plain, k: 7 }, 0)
    const found = await head.predict(probe.x)
    for (let row = 0; row < 40; row++) {
      const near = Array.from({ length: 150 }, (_, i) => {
        let squared = 0
        for (let j = 0; j < 6; j++) squared += (probe.x.data[row * 6 + j] - train.x.data[i * 6 + j]) ** 2
        return { squared, y: train.y[i] }
      }).sort((a, b) => a.squared - b.squared)
      expect(found[row]).toBeCloseTo(near.slice(0, 7).reduce((sum, { y }) => sum + y, 0) / 7, 6)
    }
  })

  it('classifies overlapping classes in dimensions of different size', async () => {
    const probe = makeRows(200, 12, 4)
    const head = await knn.fit(makeRows(600), probe, knn.defaults, 0)
    expect(measureAccuracy(await head.predict(probe.x), probe.y)).toBeGreaterThan(0.85)
  })

  it('gives each row the same probability however rows are put together', async () => {
    const probe = makeRows(50, 12, 4)
    const head = await knn.fit(makeRows(300), probe, knn.defaults, 0)
    const together = await head.predict(probe.x)
    for (const row of [0, 17, 49]) {
      const alone = await head.predict(f32([1, 12], probe.x.data.slice(row * 12, row * 12 + 12)))
      expect(alone[0]).toBeCloseTo(together[row], 5)
    }
  })

  it('reads back what it wrote', async () => {
    const probe = makeRows(20, 12, 4)
    const head = await knn.fit(makeRows(100), probe, knn.defaults, 0)
    const files = await head.serialize()
    const loaded = await loadHead(files)
    expect(loaded.kind).toBe('knn')
    expect(await loaded.predict(probe.x)).toEqual(await head.predict(probe.x))
    expect(await loaded.serialize()).toEqual(files)
  })

  it('refuses a k beyond the training patches, unknown metrics and a single class', async () => {
    const attempt = (options: object, y = line.y) =>
      knn.fit({ x: line.x, y }, line, { ...plain, ...options }, 0)
    await expect(attempt({ k: 6 })).rejects.toThrow(/at most 5/)
    await expect(attempt({ k: 1.5 })).rejects.toThrow(/whole number/)
    await expect(attempt({ metric: 'cosinus' })).rejects.toThrow(/did you mean 'cosine'/)
    await expect(attempt({}, new Uint8Array(5))).rejects.toThrow(/both classes/)
  })
})

describe('loadHead', () => {
  const json = (content: object) => ({ 'head.json': new TextEncoder().encode(JSON.stringify(content)) })

  it('refuses files that are no head', async () => {
    await expect(async () => loadHead({})).rejects.toThrow(/head.json.*no files/)
    await expect(async () => loadHead({ 'head.json': new Uint8Array([1]) })).rejects.toThrow(/JSON/)
    await expect(async () => loadHead(json({ kind: 'knn' }))).rejects.toThrow(/format/)
    await expect(async () => loadHead(json({ format: 'eosin head 1', kind: 'logistics' }))).rejects.toThrow(
      /did you mean/,
    )
    await expect(async () => loadHead(json({ format: 'eosin head 1', kind: 'knn' }))).rejects.toThrow(
      /safetensors/,
    )
  })
})
