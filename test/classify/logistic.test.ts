import * as runtime from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { DataError, f32, openRandom } from '../../src/base/index.ts'
import { headMethods } from '../../src/classify/index.ts'
import { readSafetensors } from '../../src/formats/index.ts'
import { makeRows, measureAccuracy, reorderRows } from './rows.ts'

const { logistic } = headMethods
const train = makeRows(400)
const val = makeRows(200, 12, 2, 0.3)

/** The gradient of mean log loss + l2/2 |w|^2 on rows that need no standardisation. */
function gradientOf({ x, y }: typeof train, weights: ArrayLike<number>, bias: number, l2: number): number[] {
  const columns = x.shape[1]
  const gradient = Array.from({ length: columns }, (_, j) => l2 * weights[j])
  let biasGradient = 0
  for (let row = 0; row < y.length; row++) {
    let logit = bias
    for (let j = 0; j < columns; j++) logit += weights[j] * x.data[row * columns + j]
    const residual = (1 / (1 + Math.exp(-logit)) - y[row]) / y.length
    for (let j = 0; j < columns; j++) gradient[j] += residual * x.data[row * columns + j]
    biasGradient += residual
  }
  return [...gradient, biasGradient]
}

function readLayer(files: Readonly<Record<string, Uint8Array>>) {
  const tensors = readSafetensors(files['head.safetensors'])
  return {
    weight: tensors['layers.0.weight'].data as Float32Array,
    bias: Number(tensors['layers.0.bias'].data[0]),
  }
}

describe('logistic regression', () => {
  it('stands at the optimum of its penalised loss', async () => {
    const rows = makeRows(300, 3)
    const options = { l2: 0.01, standardize: false, calibrate: 'none' } as const
    const { weight, bias } = readLayer(await (await logistic.fit(rows, rows, options, 0)).serialize())
    for (const slope of gradientOf(rows, weight, bias, 0.01)) expect(Math.abs(slope)).toBeLessThan(1e-4)
    expect(Math.abs(weight[0])).toBeGreaterThan(0.1)
  })

  it('learns two overlapping classes and holds on a shifted center', async () => {
    const head = await logistic.fit(train, val, logistic.defaults, 0)
    expect(measureAccuracy(await head.predict(train.x), train.y)).toBeGreaterThan(0.9)
    expect(measureAccuracy(await head.predict(val.x), val.y)).toBeGreaterThan(0.85)
  })

  it('chooses the penalty with the least loss on val', async () => {
    const files = await (
      await logistic.fit(makeRows(40, 30), makeRows(400, 30, 5), logistic.defaults, 0)
    ).serialize()
    const { chosen } = JSON.parse(new TextDecoder().decode(files['head.json']))
    const least = Math.min(...chosen.tried.map((one: { valLoss: number }) => one.valLoss))
    expect(chosen.tried).toHaveLength(6)
    expect(chosen.tried.find((one: { l2: number }) => one.l2 === chosen.l2).valLoss).toBe(least)
    expect(chosen.l2).toBeGreaterThan(0.0001)
  })

  it('hardly depends on the order of the training rows', async () => {
    const shuffled = reorderRows(train, openRandom(1, 'order').permutation(400))
    const [a, b] = await Promise.all(
      [train, shuffled].map(async (rows) =>
        (await logistic.fit(rows, val, logistic.defaults, 0)).predict(val.x),
      ),
    )
    a.forEach((p, row) => {
      expect(b[row]).toBeCloseTo(p, 3)
    })
  })

  it('gives in head.onnx what predict gives', async () => {
    const head = await logistic.fit(train, val, { ...logistic.defaults, calibrate: 'temperature' }, 0)
    const files = await head.serialize()
    const session = await runtime.InferenceSession.create(files['head.onnx'])
    const { probability } = await session.run({
      embedding: new runtime.Tensor('float32', val.x.data, val.x.shape),
    })
    expect(probability.dims).toEqual([200, 1])
    expect(probability.data).toEqual(await head.predict(val.x))
  })

  it('reads back what it wrote, byte for byte', async () => {
    const head = await logistic.fit(train, val, logistic.defaults, 0)
    const files = await head.serialize()
    expect(Object.keys(files)).toEqual(['head.json', 'head.safetensors', 'head.onnx'])
    const loaded = await logistic.load(files)
    expect(await loaded.predict(val.x)).toEqual(await head.predict(val.x))
    expect(await loaded.serialize()).toEqual(files)
  })

  it('lowers the loss on val by temperature and keeps every call', async () => {
    // an overfitted head is too sure of itself
    const few = makeRows(24)
    const options = { ...logistic.defaults, l2: 1e-6 }
    const plain = await (await logistic.fit(few, val, options, 0)).predict(val.x)
    const cooled = await (await logistic.fit(few, val, { ...options, calibrate: 'temperature' }, 0)).predict(
      val.x,
    )
    const loss = (p: Float32Array) =>
      p.reduce((sum, value, row) => sum - Math.log(Math.max(1e-12, val.y[row] === 1 ? value : 1 - value)), 0)
    expect(loss(cooled)).toBeLessThan(loss(plain))
    expect(cooled.map((p) => Number(p >= 0.5))).toEqual(plain.map((p) => Number(p >= 0.5)))
  })

  it('refuses a single class, NaN, wrong labels and other dimensions', async () => {
    const attempt = (a: typeof train, b = val, options = logistic.defaults) => logistic.fit(a, b, options, 0)
    const one = { x: train.x, y: new Uint8Array(400) }
    await expect(attempt(train, val, { ...logistic.defaults, l2: -1 })).rejects.toThrow(/l2.*from 0/)
    await expect(attempt(one)).rejects.toThrow(/train.*both classes.*all normal/)
    await expect(attempt(train, { x: val.x, y: new Uint8Array(200).fill(1) })).rejects.toThrow(
      /val.*all tumour/,
    )
    const broken = f32([400, 12], train.x.data.slice())
    broken.data[12 * 7 + 3] = Number.NaN
    await expect(attempt({ x: broken, y: train.y })).rejects.toThrow(/row 7, dimension 3.*NaN/)
    await expect(attempt({ x: train.x, y: new Uint8Array(3) })).rejects.toThrow(DataError)
    await expect(attempt(train, makeRows(10, 5))).rejects.toThrow(/\[rows, 12\]/)
    const head = await attempt(train)
    await expect(async () => head.predict(makeRows(4, 5).x)).rejects.toThrow(/\[rows, 12\]/)
  })

  it('does without both classes in val where val decides nothing', async () => {
    const single = { x: val.x, y: new Uint8Array(200) }
    const head = await logistic.fit(train, single, { ...logistic.defaults, l2: 0.01 }, 0)
    expect(measureAccuracy(await head.predict(train.x), train.y)).toBeGreaterThan(0.9)
  })
})
