// Maps of centers against plain float64 arithmetic; the roots of coral by Jacobi's rotations.

import { describe, expect, it } from 'vitest'
import { alignCenters, type CenterRows, openMappedRows, referCoral } from '../../src/adapt/index.ts'
import { f32, openRandom, rowsOf } from '../../src/base/index.ts'

const columns = 5

// Patches whose dimensions are mixtures, moved and stretched center by center.
function makeCenter(center: string, count: number, shift: number, stretch: number) {
  const random = openRandom(0, 'align', center)
  const x = f32([count, columns])
  for (let row = 0; row < count; row++) {
    const draws = Array.from({ length: columns }, () => random.normal())
    for (let k = 0; k < columns; k++) {
      x.data[row * columns + k] = shift * k + stretch * (draws[k] + 0.7 * draws[(k + 1) % columns])
    }
  }
  return { center, x: rowsOf(x), rows: Uint32Array.from({ length: count }, (_, row) => row) }
}
const centers = [makeCenter('a', 80, 0, 1), makeCenter('b', 50, 3, 0.2), makeCenter('c', 33, -2, 5)]

async function mapAll(groups: readonly CenterRows[], maps: Awaited<ReturnType<typeof alignCenters>>) {
  const mapped: Float32Array[] = []
  for (const [i, { x, rows }] of groups.entries()) {
    const open = await openMappedRows(x, new Uint16Array(x.shape[0]).fill(i), maps)
    const into = new Float32Array(rows.length * columns)
    await open.gather(rows, into)
    await open.close()
    mapped.push(into)
  }
  return mapped
}

const column = (data: Float32Array, k: number) =>
  Float64Array.from({ length: data.length / columns }, (_, row) => data[row * columns + k])
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
const correlation = (data: Float32Array, i: number, j: number) => {
  const [a, b] = [column(data, i), column(data, j)]
  const [ma, mb] = [mean(a), mean(b)]
  const covariance = mean(a.map((value, row) => (value - ma) * (b[row] - mb)))
  return covariance / Math.sqrt(mean(a.map((v) => (v - ma) ** 2)) * mean(b.map((v) => (v - mb) ** 2)))
}
const median = (values: Float64Array) => {
  const sorted = values.toSorted()
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

type Matrix = number[][]
const matrix = (fill: (i: number, j: number) => number): Matrix =>
  Array.from({ length: columns }, (_, i) => Array.from({ length: columns }, (_, j) => fill(i, j)))
const multiply = (a: Matrix, b: Matrix) =>
  matrix((i, j) => a[i].reduce((sum, value, k) => sum + value * b[k][j], 0))

// A power of a symmetric matrix, by Jacobi's rotations.
function power(symmetric: Matrix, exponent: number): Matrix {
  const a = symmetric.map((row) => [...row])
  const v = matrix((i, j) => Number(i === j))
  const turn = (x: number, y: number, c: number, s: number) => [c * x - s * y, s * x + c * y]
  for (let sweep = 0; sweep < 50; sweep++) {
    for (let p = 0; p < columns; p++) {
      for (let q = p + 1; q < columns; q++) {
        if (Math.abs(a[p][q]) < 1e-15) continue
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        for (const row of a) [row[p], row[q]] = turn(row[p], row[q], c, t * c)
        for (let k = 0; k < columns; k++) [a[p][k], a[q][k]] = turn(a[p][k], a[q][k], c, t * c)
        for (const row of v) [row[p], row[q]] = turn(row[p], row[q], c, t * c)
      }
    }
  }
  return matrix((i, j) => v[i].reduce((sum, _, k) => sum + v[i][k] * a[k][k] ** exponent * v[j][k], 0))
}

describe('the maps of centers', () => {
  it('standardise each dimension by the mean and standard deviation of its center', async () => {
    const mapped = await mapAll(centers, await alignCenters(centers, 'standardize', null))
    for (const data of mapped) {
      for (let k = 0; k < columns; k++) {
        const values = column(data, k)
        expect(mean(values)).toBeCloseTo(0, 5)
        expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 5)
      }
    }
  })

  it('or by its median and median absolute deviation, which a few wild patches hardly move', async () => {
    const mapped = await mapAll(centers, await alignCenters(centers, 'robust', null))
    for (const data of mapped) {
      const values = column(data, 2)
      expect(median(values)).toBeCloseTo(0, 5)
      expect(median(values.map(Math.abs))).toBeCloseTo(0.67449, 4)
    }
    const wild = f32([50, columns])
    await centers[1].x.gather(centers[1].rows, wild.data)
    wild.data.fill(1e4, 0, 2 * columns)
    const moved = { ...centers[1], x: rowsOf(wild) }
    const scaleOf = async (group: CenterRows, align: 'robust' | 'standardize') =>
      (await alignCenters([group], align, null))[0].scale[2]
    const ratio = (await scaleOf(moved, 'robust')) / (await scaleOf(centers[1], 'robust'))
    expect(Math.abs(ratio - 1)).toBeLessThan(0.3)
    expect(await scaleOf(moved, 'standardize')).toBeLessThan(0.01 * (await scaleOf(moved, 'robust')))
  })

  it('align correlations as the published formula does, towards the mean of the training centers', async () => {
    const reference = await referCoral(centers.slice(0, 2))
    const standard = await mapAll(centers, await alignCenters(centers, 'standardize', null))
    const plusOne = standard.map((data) => matrix((i, j) => correlation(data, i, j) + Number(i === j)))
    const target = matrix((i, j) => (plusOne[0][i][j] + plusOne[1][i][j]) / 2)
    const mapped = await mapAll(centers, await alignCenters(centers, 'coral', reference))
    for (const [c, own] of plusOne.entries()) {
      const turn = multiply(power(own, -0.5), power(target, 0.5))
      for (const [at, value] of mapped[c].entries()) {
        const [row, j] = [Math.floor(at / columns), at % columns]
        const expected = turn.reduce((sum, line, k) => sum + standard[c][row * columns + k] * line[j], 0)
        expect(Math.abs(value - expected)).toBeLessThan(1e-4)
      }
    }
  })

  it.each([
    'standardize',
    'robust',
    'coral',
  ] as const)('%s: the same bytes on any number of threads and however rows are asked for', async (align) => {
    const make = async (threads: number) => {
      const reference = align === 'coral' ? await referCoral(centers, threads) : null
      return alignCenters(centers, align, reference, threads)
    }
    const maps = await make(1)
    expect(await make(2)).toEqual(maps)
    const open = await openMappedRows(centers[2].x, new Uint16Array(33).fill(2), maps)
    const whole = new Float32Array(33 * columns)
    await open.gather(centers[2].rows, whole)
    const one = new Float32Array(columns)
    await open.gather(Uint32Array.of(7), one)
    await open.close()
    expect(one).toEqual(whole.slice(7 * columns, 8 * columns))
  })

  it('silence a dimension that does not vary', async () => {
    const flat = f32([20, 2])
    for (let row = 0; row < 20; row++) flat.data.set([0.1, row], 2 * row)
    const rows = Uint32Array.from({ length: 20 }, (_, row) => row)
    const [map] = await alignCenters([{ center: 'a', rows, x: rowsOf(flat) }], 'standardize', null)
    expect(map.scale[0]).toBe(0)
    expect(map.scale[1]).toBeGreaterThan(0)
  })
})

describe('a center that says too little', () => {
  it('is named where it has a few patches', async () => {
    const few = { ...centers[0], rows: centers[0].rows.slice(0, 3) }
    await expect(alignCenters([few], 'standardize', null)).rejects.toThrow(
      'center a: expected at least 16 patches, to adapt to the center by their statistics, got 3; give more patches',
    )
  })

  it('is named where all its patches are alike', async () => {
    const same = { ...centers[0], x: rowsOf(f32([80, columns])) }
    await expect(alignCenters([same], 'robust', null)).rejects.toThrow(
      'center a: expected patches that differ, got 80 patches with one and the same embedding',
    )
  })
})
