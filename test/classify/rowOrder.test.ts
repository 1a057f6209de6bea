import { describe, expect, it } from 'vitest'
import { f32, openRandom, rowsOf } from '../../src/base/index.ts'
import { type Head, type HeadMethod, headMethods, type LabelledEmbeddings } from '../../src/classify/index.ts'
import { permuteRows } from '../../src/classify/rowOrder.ts'
import { makeRows, reorderRows } from './rows.ts'

// Some rows twice, one of them with both labels: what ties must be alike, or told apart by its label.
const train = reorderRows(makeRows(300), [...Array(300).keys(), 5, 6, 7, 5, 17])
train.y[300] = 1 - train.y[5]
const val = makeRows(120, 12, 2, 0.3)
const heads = {
  mlp: { hidden: [16, 8], epochs: 4 },
  logistic: {},
  knn: { k: 7 },
} as const

function shuffle(rows: LabelledEmbeddings, seed: number): { rows: LabelledEmbeddings; order: Uint32Array } {
  const order = openRandom(seed, 'shuffle').permutation(rows.y.length)
  return { rows: reorderRows(rows, order), order }
}

function fitHead(name: keyof typeof heads, a: LabelledEmbeddings, b: LabelledEmbeddings): Promise<Head> {
  const method = headMethods[name] as unknown as HeadMethod<object>
  return method.fit(a, b, { ...method.defaults, ...heads[name] }, 3)
}

describe.each(Object.keys(heads) as (keyof typeof heads)[])('the head %s', (name) => {
  it('is the same to the byte whatever the order of training and validation rows', async () => {
    const expected = await fitHead(name, train, val)
    for (const seed of [1, 2]) {
      const head = await fitHead(name, shuffle(train, seed).rows, shuffle(val, seed + 9).rows)
      expect(await head.serialize()).toEqual(await expected.serialize())
      expect(head.curve).toEqual(expected.curve)
    }
  })

  it('gives a row the same probability whatever rows are beside it, and however many', async () => {
    const head = await fitHead(name, train, val)
    const { rows, order } = shuffle(val, 4)
    const expected = await head.predict(val.x)
    const shuffled = await head.predict(rows.x)
    expect([...shuffled]).toEqual(Array.from(order, (row) => expected[row]))
    for (const count of [1, 2, 3, 7, 64]) {
      const some = await head.predict(f32([count, 12], rows.x.data.slice(0, 12 * count)))
      expect([...some]).toEqual([...shuffled.slice(0, count)])
    }
  })

  it('leaves the rows it was given as they were, and reads them from elsewhere alike', async () => {
    const before = train.x.data.slice()
    const expected = await fitHead(name, train, val)
    expect(train.x.data).toEqual(before)
    const method = headMethods[name] as unknown as HeadMethod<object>
    const stored = { x: rowsOf(train.x), y: train.y }
    const head = await method.fit(stored, val, { ...method.defaults, ...heads[name] }, 3)
    expect(await head.serialize()).toEqual(await expected.serialize())
  })
})

it('permutes rows in place', () => {
  const data = Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5)
  permuteRows(data, 2, Uint32Array.of(2, 0, 1, 3, 4))
  expect([...data]).toEqual([2, 2.5, 0, 0.5, 1, 1.5, 3, 3.5, 4, 4.5])
})
