import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import {
  concentrationPercentiles,
  type DensityTables,
  densityTable,
  densityTablesBelow,
  findDarkPixels,
  findDensePixels,
  findTissue,
  openWorkspace,
  restainPixels,
  type Workspace,
} from '../../src/stain/index.ts'
import { percentileOf } from '../../src/stain/quantile.ts'
import { drawTissue, fillPatch } from './pictures.ts'

// Plain TypeScript at the side of the kernels: every pixel in full, in the same order of operations.

type Vector = readonly [number, number, number]

const patches = [
  drawTissue(1, 33),
  drawTissue(2, 64, 0.4),
  drawTissue(3, 96, 0.9),
  fillPatch(4, 40, (random) => random.integer(256)),
  fillPatch(5, 31, (random) => 200 + random.integer(56)),
  fillPatch(6, 20, () => 130),
]

function load(data: Uint8Array): Workspace {
  const workspace = openWorkspace(data.length / 3)
  workspace.load(data)
  return workspace
}

function plainForm(tables: DensityTables, [x, y, z]: Vector, data: Uint8Array, at: number): number {
  return x * tables[0][data[at]] + y * tables[1][data[at + 1]] + z * tables[2][data[at + 2]]
}

function pixelsWhere(data: Uint8Array, isTissue: (at: number) => boolean): number[] {
  return Array.from({ length: data.length / 3 }, (_, i) => 3 * i).filter(isTissue)
}

describe('the kernels', () => {
  it('note the same tissue as a look at every pixel', () => {
    for (const { data } of patches) {
      const table = densityTable(255)
      const bright = load(data)
      const count = findTissue(bright, [table, table, table], 218)
      const plain = pixelsWhere(data, (at) => Math.max(data[at], data[at + 1], data[at + 2]) <= 218)
      expect([...bright.offsets.subarray(0, count)]).toEqual(plain)

      for (const least of [0, 0.3, 1.7]) {
        const tables = densityTablesBelow([250, 245, 255])
        const dense = load(data)
        const found = findDensePixels(dense, tables, least)
        const isDense = (at: number) =>
          plainForm(tables, [1, 1, 1], data, at) >= least && data[at] + data[at + 1] + data[at + 2] >= 60
        expect([...dense.offsets.subarray(0, found)]).toEqual(pixelsWhere(data, isDense))
      }
    }
  })

  it('give percentiles of concentrations to the last bit, on tissue and on all pixels', () => {
    const random = openRandom(1, 'forms')
    for (const { data } of patches) {
      for (const percent of [0, 1, 50, 90, 99, 99.9, 100]) {
        const draw = (): Vector => [random.normal(), random.normal(), random.normal()]
        const rows = [draw(), draw()] as const
        const expectSame = (
          workspace: Workspace,
          tables: DensityTables,
          isTissue: boolean,
          places: readonly number[],
        ) => {
          const choice = { isTissue, count: places.length }
          const plain = rows.map((row) => {
            const values = Float64Array.from(places, (at) => plainForm(tables, row, data, at))
            return percentileOf(values, values.length, percent)
          })
          expect(concentrationPercentiles(workspace, tables, rows, percent, choice)).toEqual(plain)
        }
        const table = densityTable(240)
        const own: DensityTables = [table, table, table]
        const everywhere = pixelsWhere(data, () => true)
        const [bright, dark] = [load(data), () => load(data)]
        findTissue(bright, own, 200)
        expectSame(bright, own, false, everywhere)
        const darker = dark()
        findDarkPixels(darker, own, 0.8, false)
        expectSame(darker, own, false, everywhere)
        const below = densityTablesBelow([254, 250, 252])
        const dense = load(data)
        const found = findDensePixels(dense, below, 0.3)
        if (found > 0) expectSame(dense, below, true, [...dense.offsets.subarray(0, found)])
      }
    }
  })

  it('rebuild every byte as exponentials in double precision do', () => {
    const random = openRandom(2, 'maps')
    const table = densityTable(255)
    const tables: DensityTables = [table, table, table]
    // The last ones leave the range of single precision.
    for (const size of [0.3, 1, 3, 12, 60]) {
      for (const { data } of patches) {
        const draw = (): Vector => [size * random.normal(), size * random.normal(), size * random.normal()]
        const map = [draw(), draw(), draw()] as const
        const levels: Vector = [255, 240.5, 200 + 50 * random.uniform()]
        const workspace = load(data)
        restainPixels(workspace, tables, map, levels, { isTissue: false, count: data.length / 3 })
        const plain = Uint8Array.from(data, (_, i) => {
          const at = i - (i % 3)
          const factor = (input: 0 | 1 | 2) =>
            Math.exp(Math.max(-693, Math.min(693, -map[i % 3][input] * table[data[at + input]])))
          return Math.min(255, levels[i % 3] * factor(0) * factor(1) * factor(2))
        })
        expect(Buffer.compare(workspace.data, plain)).toBe(0)
      }
    }
  })

  it('leave pixels that are not chosen as they are', () => {
    const { data } = patches[1]
    const tables = densityTablesBelow([250, 250, 250])
    const workspace = load(data)
    const count = findDensePixels(workspace, tables, 0.3)
    const map = [
      [0.5, 0, 0],
      [0, 0.5, 0],
      [0, 0, 0.5],
    ] as const
    restainPixels(workspace, tables, map, [250, 250, 250], { isTissue: true, count })
    const tissue = new Set(workspace.offsets.subarray(0, count))
    const changed = pixelsWhere(data, (at) => [0, 1, 2].some((k) => workspace.data[at + k] !== data[at + k]))
    expect(count).toBeGreaterThan(100)
    expect(changed.every((at) => tissue.has(at))).toBe(true)
    expect(changed.length).toBeGreaterThan(count / 2)
  })
})
