// Maps of embeddings: which patches are on them, where these lie, and what is refused.

import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { readMatrixFile } from '../../src/files/index.ts'
import {
  type EmbeddingList,
  type EmbeddingMap,
  type MapProgress,
  readColumns,
  readMap,
} from '../../src/serve/index.ts'
import { findComponents, standardise } from '../../src/serve/principalComponents.ts'
import { layOut } from '../../src/serve/umap.ts'
import { readResults } from '../../src/study/index.ts'
import { type Client, openWorkplace, runSmall, type Workplace } from './workplace.ts'

let place: Workplace
let client: Client
let run: string
beforeAll(async () => {
  place = await openWorkplace()
  run = await runSmall(place, 'small')
  client = await place.serve()
}, 120_000)
afterAll(() => place.close())

const at = '/api/runs/small/embeddings'

// Asks until the map is there; what is told meanwhile is a progress.
async function bytesOf(of: string, method: string, own = client): Promise<Uint8Array> {
  for (;;) {
    const answer = await own.ask(`${at}/map?of=${encodeURIComponent(of)}&method=${method}`)
    if (answer.status === 200) return new Uint8Array(answer.bytes)
    expect(answer.status).toBe(202)
    const { done, total, what } = answer.json<MapProgress>()
    expect(what).not.toBe('')
    expect(done).toBeLessThanOrEqual(total)
  }
}
const mapOf = async (of: string, method: string): Promise<EmbeddingMap> => readMap(await bytesOf(of, method))

describe('the embeddings of a run', () => {
  it('are listed by stain and extractor', async () => {
    const list = (await client.ask(at)).json<EmbeddingList>()
    expect(list.set).toBe('run-small')
    expect(list.embeddings.map(({ name }) => name).sort()).toEqual(['macenko/texture', 'none/texture'])
    expect(list.embeddings[0].splits.toSorted()).toEqual(['test', 'train', 'val'])
    expect(list.note).toBeNull()
  })

  it('of a run without its cache are none, and it is said why', async () => {
    const own = await place.serve({ cache: place.at('data') })
    const list = (await own.ask(at)).json<EmbeddingList>()
    expect(list.embeddings).toEqual([])
    expect(list.note).toContain('--cache')
  })

  it('are laid out along their principal components', async () => {
    const map = await mapOf('none/texture', 'pca')
    const columns = readColumns(new Uint8Array((await client.ask('/api/sets/run-small/columns')).bytes))
    expect(map).toMatchObject({ of: 'none/texture', method: 'pca', origin: 'synthetic', total: 110 })
    expect(Array.from(map.row)).toEqual(Array.from({ length: 110 }, (_, row) => row))
    expect(Array.from(map.split)).toEqual(Array.from(columns.split))
    // The same from the matrices themselves: scores are uncorrelated, and their variance is the share that is told.
    const { embeddings } = await readResults(run)
    const matrices = []
    for (const split of ['train', 'val', 'test'])
      matrices.push(await readMatrixFile(embeddings[`none/texture/${split}`].file))
    const width = matrices[0].shape[1]
    const values = Float32Array.from(matrices.flatMap(({ data }) => Array.from(data)))
    standardise(values, width)
    const total = values.reduce((sum, value) => sum + value * value, 0)
    const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)
    expect(product(map.x, map.x) / total).toBeCloseTo(map.explained![0], 5)
    expect(product(map.y, map.y) / total).toBeCloseTo(map.explained![1], 5)
    expect(Math.abs(product(map.x, map.y)) / total).toBeLessThan(1e-5)
    expect(map.explained![0]).toBeGreaterThan(map.explained![1])
  })

  it.each(['pca', 'umap'])('give the same bytes twice by %s', async (method) => {
    const other = await place.serve()
    const [first, second] = [
      await bytesOf('none/texture', method),
      await bytesOf('none/texture', method, other),
    ]
    expect(Buffer.compare(first, second)).toBe(0)
    const { x, y } = readMap(first)
    expect(new Set(x).size).toBeGreaterThan(100)
    expect([...x, ...y].every(Number.isFinite)).toBe(true)
  })

  it.each([
    ['of=../../none/texture&method=pca', 404],
    ['of=%2Fetc%2Fpasswd&method=pca', 404],
    ['of=__proto__&method=pca', 404],
    ['of=none/texture&method=tsne', 404],
    ['method=pca', 404],
  ])('refuse %s', async (query, status) => {
    const answer = await client.ask(`${at}/map?${query}`)
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({ error: { where: expect.any(String) } })
  })

  it('refuse a run outside of the folder', async () => {
    expect((await client.ask('/api/runs/..%2Fdata/embeddings')).status).toBe(404)
  })

  it('say what is wrong with a matrix that is gone, each time it is asked for', async () => {
    const own = await place.serve()
    await own.ask(at)
    const { embeddings } = await readResults(run)
    const { file } = embeddings['macenko/texture/val']
    rmSync(file)
    for (let i = 0; i < 2; i++) {
      const answer = await own.ask(`${at}/map?of=macenko/texture&method=pca`)
      expect([404, 422]).toContain(answer.status)
      expect(answer.json()).toMatchObject({ error: { got: expect.any(String) } })
    }
  })
})

describe('principal components', () => {
  it('are those of a matrix whose axes are known', () => {
    const random = openRandom(0, 'test')
    const columns = 40
    const values = new Float32Array(500 * columns)
    for (let row = 0; row < 500; row++) {
      const turn = (2 * Math.PI * row) / 500
      const [a, b] = [5 * Math.cos(turn), 2 * Math.sin(turn)] // of mean 0, and uncorrelated
      for (let j = 0; j < columns; j++) values[row * columns + j] = (j < 20 ? a : b) + 0.001 * random.normal()
    }
    const { scores, explained } = findComponents(values, columns, 2)
    expect(explained[0]).toBeCloseTo(25 / 29, 3)
    expect(explained[0] + explained[1]).toBeGreaterThan(0.999)
    for (let row = 0; row < 20; row++) {
      const along = values.subarray(row * columns, row * columns + 20).reduce((sum, value) => sum + value, 0)
      expect(scores[2 * row] / (along / Math.sqrt(20))).toBeCloseTo(1, 2)
    }
  })
})

describe('UMAP', () => {
  it('keeps groups apart that are apart in many dimensions', () => {
    const random = openRandom(1, 'groups')
    const columns = 10
    const values = Float32Array.from({ length: 300 * columns }, (_, at) => {
      const group = Math.floor(at / columns) % 3
      return random.normal() + (at % columns === 2 + group ? 20 : 0)
    })
    const places = layOut(values, columns, 0)
    const nearest = (i: number) => {
      let [best, least] = [-1, Number.POSITIVE_INFINITY]
      for (let j = 0; j < 300; j++) {
        const square = (places[2 * i] - places[2 * j]) ** 2 + (places[2 * i + 1] - places[2 * j + 1]) ** 2
        if (j !== i && square < least) [best, least] = [j, square]
      }
      return best
    }
    const kept = Array.from({ length: 300 }, (_, i) => nearest(i) % 3 === i % 3).filter(Boolean).length
    expect(kept).toBeGreaterThan(295)
    const spread = Math.max(...places) - Math.min(...places)
    expect(spread).toBeGreaterThan(5)
  })
})
