// What is told of the orders of whole sets: by place and by number, center by center, and apart from what slides explain.

import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { findOrders, type OrderedSet } from '../../src/guards/index.ts'

const random = openRandom(3, 'orders')
const half = (count: number) => Array.from({ length: count }, (_, i) => i % 2)
const shuffled = (labels: readonly number[]) =>
  Array.from(random.permutation(labels.length), (i) => labels[i])
const sorted = (labels: readonly number[]) => labels.toSorted((a, b) => b - a)
const inTurn = (count: number, names: readonly string[]) =>
  Array.from({ length: count }, (_, i) => names[i % names.length])
const inBlocks = (count: number, names: readonly string[]) =>
  Array.from({ length: count }, (_, i) => names[Math.floor((i * names.length) / count)])

const setOf = (labels: readonly number[], known: Partial<OrderedSet['set']> = {}): OrderedSet => {
  const ids = labels.map((_, i) => `${i}`)
  const set = { ids, labels: Uint8Array.from(labels), centers: null, slides: null, patients: null, ...known }
  return { name: 'val', set }
}
const slides = Array.from({ length: 20 }, (_, i) => `${i}`)

describe('an order that tells labels', () => {
  it('is told of a file that is sorted by label, by place and number together', () => {
    const [finding, ...others] = findOrders([setOf(sorted(half(200)))])
    expect(others).toEqual([])
    expect(finding).toMatchObject({ set: 'val', by: 'place and number', kind: 'trend' })
    expect(finding.groups).toMatchObject([
      { center: null, count: 200, slides: null, auroc: 0, runs: { count: 2, expected: 101 } },
    ])
    expect(finding.groups[0].p).toBeLessThan(1e-30)
  })

  it('is told where slides are mixed, each of both classes', () => {
    const [finding] = findOrders([setOf(sorted(half(800)), { slides: inTurn(800, slides) })])
    expect(finding).toMatchObject({ kind: 'trend', groups: [{ slides: 20, auroc: 0 }] })
  })

  it('is no more than a remark where neighbours of one slide are alike, as along the tissue', () => {
    const each = slides.flatMap(() => sorted(half(40)))
    expect(findOrders([setOf(each, { slides: inBlocks(800, slides) })])).toMatchObject([
      { kind: 'neighbours', groups: [{ runs: { count: 40 } }] },
    ])
    const clumped = slides.flatMap(() => inBlocks(40, ['1', '0', '1', '0', '1']).map(Number))
    expect(findOrders([setOf(clumped)])).toMatchObject([{ kind: 'neighbours', groups: [{ slides: null }] }])
  })

  it('is told where labels cut few slides apart, of which no trend can be told', () => {
    const five = slides.slice(0, 5)
    const names = [...inBlocks(200, five), ...inBlocks(200, five)]
    const found = findOrders([setOf(sorted(half(400)), { slides: names })])
    expect(found).toMatchObject([{ kind: 'runs', groups: [{ auroc: 0, runs: { count: 2 } }] }])
  })

  it('is told as runs where labels come in turns', () => {
    expect(findOrders([setOf(half(200))])).toMatchObject([
      { kind: 'runs', groups: [{ auroc: 0.505, runs: { count: 200 } }] },
    ])
  })

  it('is not told where there is none, whatever the centers', () => {
    expect(findOrders([setOf(shuffled(half(400)), { centers: inTurn(400, ['0', '3']) })])).toEqual([])
    // a center of tumour after one of normal patches says nothing within either
    const centers = inBlocks(400, ['0', '3'])
    expect(findOrders([setOf(sorted(half(400)), { centers })])).toEqual([])
  })

  it('names the centers that it is told of', () => {
    const labels = [...shuffled(half(200)), ...sorted(half(200))]
    const found = findOrders([setOf(labels, { centers: inBlocks(400, ['0', '3']) })])
    expect(found.map(({ groups }) => groups.map(({ center }) => center))).toEqual([['3']])
  })

  it('is told of the numbers in ids where rows were shuffled, and not of names with several numbers', () => {
    const order = random.permutation(200)
    const labels = Array.from(order, (place) => Number(place < 100))
    const named = (name: (place: number) => string) => setOf(labels, { ids: Array.from(order, name) })
    for (const name of [(i: number) => `${i}`, (i: number) => `some/1/patch_${i}.png`]) {
      expect(findOrders([named(name)])).toMatchObject([
        { by: 'number', kind: 'trend', groups: [{ auroc: 0 }] },
      ])
    }
    expect(findOrders([named((i) => `x_1_y_${i}.png`)])).toEqual([])
  })

  it('is no matter of folders, which list names in order, but their numbers are', () => {
    const labels = sorted(half(200))
    const listed = (ids: readonly string[]) => setOf(labels, { ids, isListed: true })
    const apart = labels.map((label, i) => `${label ? 'tumour' : 'normal'}/${i}.png`)
    expect(findOrders([listed(apart)])).toMatchObject([{ by: 'number', kind: 'trend' }])
    const anew = labels.map((label, i) => `${label ? 'tumour' : 'normal'}/${i % 100}.png`)
    expect(findOrders([listed(anew)])).toEqual([])
  })

  it('is explained by slides where they stand in blocks and differ', () => {
    const pure = slides.slice(0, 6).flatMap((_, i) => new Array<number>(50).fill(Number(i < 3)))
    expect(findOrders([setOf(pure, { slides: inBlocks(300, slides.slice(0, 6)) })])).toMatchObject([
      { kind: 'slides', groups: [{ slides: 6, auroc: 0 }] },
    ])
    // twenty slides of tumour and then twenty without are no chance
    const many = Array.from({ length: 40 }, (_, i) => `${i}`)
    const blocks = many.flatMap((_, i) => new Array<number>(20).fill(Number(i < 20)))
    expect(findOrders([setOf(blocks, { slides: inBlocks(800, many) })])).toMatchObject([{ kind: 'trend' }])
  })

  it('needs labels of both classes', () => {
    const { set } = setOf(half(100))
    expect(findOrders([{ name: 'test', set: { ...set, labels: null } }])).toEqual([])
    expect(findOrders([setOf(new Array<number>(100).fill(1))])).toEqual([])
    expect(findOrders([])).toEqual([])
  })
})
