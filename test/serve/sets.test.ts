// What is known of patches, their pixels, their neighbours and the doubts of their labels, as the pages are told.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../../src/files/index.ts'
import { readCsv } from '../../src/formats/index.ts'
import { openPatchSet, resizePixels } from '../../src/patches/index.ts'
import {
  type NearestPatches,
  type PatchProbabilities,
  readColumns,
  type SetColumns,
  type SetDoubts,
  type SetEntry,
  unknownLabel,
} from '../../src/serve/index.ts'
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

const columnsOf = async (id: string, own = client): Promise<SetColumns> =>
  readColumns(new Uint8Array((await own.ask(`/api/sets/${id}/columns`)).bytes))

async function idOf(title: string, own = client): Promise<string> {
  const { sets } = (await own.ask('/api/sets')).json<{ sets: SetEntry[] }>()
  return sets.find((set) => set.title === title)!.id
}

describe('the list of sets', () => {
  it('names the runs and the data', async () => {
    const { sets } = (await client.ask('/api/sets')).json<{ sets: SetEntry[] }>()
    expect(sets.map(({ title, kind, problem }) => [title, kind, problem])).toEqual([
      ['run small', 'run', null],
      ['data/test.h5', 'data', null],
      ['data/train.h5', 'data', null],
      ['data/val.h5', 'data', null],
    ])
  })
})

describe('data', () => {
  it('is told as its reader has it', async () => {
    const columns = await columnsOf(await idOf('data/val.h5'))
    const set = await openPatchSet(place.at('data', 'val.h5'))
    expect(columns.ids).toEqual(set.ids)
    expect(Array.from(columns.label)).toEqual(Array.from(set.labels!))
    expect(Array.from(columns.center, (name) => columns.centerNames[name])).toEqual(set.centers)
    expect(Array.from(columns.slide, (name) => columns.slideNames[name])).toEqual(set.slides)
    expect(columns).toMatchObject({
      count: 30,
      height: 32,
      width: 32,
      origin: 'synthetic',
      run: null,
      cells: [],
    })
    await set.close()
  })

  it('gives its pixels, small and many or as one picture', async () => {
    const id = await idOf('data/val.h5')
    const set = await openPatchSet(place.at('data', 'val.h5'))
    const rows = [7, 3, 29]
    const pixels = await set.read(rows)
    const whole = await client.ask(`/api/sets/${id}/pixels?rows=${rows}&size=64`)
    expect(whole.headers).toMatchObject({ 'x-height': '32', 'x-width': '32' })
    expect(Buffer.compare(whole.bytes, pixels.data)).toBe(0)
    const small = await client.ask(`/api/sets/${id}/pixels?rows=${rows}&size=16`)
    expect(Buffer.compare(small.bytes, resizePixels(pixels, 16, 16, 'bilinear').data)).toBe(0)
    const range = await client.ask(`/api/sets/${id}/pixels?from=2&count=3&size=64`)
    expect(Buffer.compare(range.bytes, (await set.read([2, 3, 4])).data)).toBe(0)
    const png = await client.ask(`/api/sets/${id}/patches/7`)
    expect(png.headers['content-type']).toBe('image/png')
    expect((await decodeImage(png.bytes, 'png')).data).toEqual(pixels.data.subarray(0, 32 * 32 * 3))
    await set.close()
  })

  it.each([
    'pixels?rows=30&size=32',
    'pixels?rows=a&size=32',
    'pixels?rows=1&size=4',
    'pixels?from=0&count=9999&size=32',
    'patches/30',
    'patches/-1',
    'patches/1e0',
  ])('refuses %s', async (path) => {
    const answer = await client.ask(`/api/sets/${await idOf('data/val.h5')}/${path}`)
    expect([400, 404]).toContain(answer.status)
    expect(answer.json()).toMatchObject({ error: { expected: expect.any(String) } })
  })
})

describe('the patches of a run', () => {
  it('are all its splits with what the quality filter, the stains and the cells say', async () => {
    const columns = await columnsOf('run-small')
    expect(columns).toMatchObject({ count: 110, run: 'small', splitNames: ['train', 'val', 'test'] })
    expect(columns.cells).toHaveLength(2)
    expect(columns.stains).toEqual(['none', 'macenko'])
    expect(columns.threshold).toBe(0.5)
    expect(columns.notes).toEqual([])
    const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'))
    for (const [i, split] of columns.splitNames.entries()) {
      const rejected: Record<string, number> = {}
      columns.rule.forEach((rule, row) => {
        const name = columns.ruleNames[rule]
        if (columns.split[row] === i && name) rejected[name] = (rejected[name] ?? 0) + 1
      })
      expect(rejected).toEqual(manifest.splits[split].rejectedByRule)
    }
    const metrics = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8'))
    const counted = metrics.verdicts.find(
      (own: { stain: string; split: string }) => own.stain === 'macenko' && own.split === 'test',
    )
    const test = Array.from(columns.verdicts.macenko, (code) => columns.verdictNames[code]).slice(90)
    const total = (counts: Record<string, Record<string, number>>) =>
      Object.values(counts).reduce((sum, own) => sum + (own.ok ?? 0), 0)
    expect(test.filter((word) => word === 'ok')).toHaveLength(total(counted.byCenter))
  })

  it('have the probabilities of each cell that predictions.csv lists', async () => {
    const columns = await columnsOf('run-small')
    const table = readCsv(readFileSync(join(run, 'predictions.csv'), 'utf8'))
    const [cell] = columns.cells
    const { bytes } = await client.ask(`/api/sets/run-small/predictions?cell=${encodeURIComponent(cell)}`)
    const values = new Float32Array(new Uint8Array(bytes).buffer)
    expect(Array.from(values.subarray(0, 60)).every(Number.isNaN)).toBe(true) // train is not predicted
    const row = columns.ids.findIndex((id, i) => id === table.id.at(-1) && columns.split[i] === 2)
    expect(values[row]).toBeCloseTo(Number(table[cell].at(-1)), 6)
    const { cells } = (
      await client.ask(`/api/sets/run-small/patches/${row}/probabilities`)
    ).json<PatchProbabilities>()
    expect(cells[0]).toEqual({ cell, probability: values[row] })
    expect((await client.ask('/api/sets/run-small/predictions?cell=nothing')).status).toBe(404)
  })

  it('have the pixels of their files, across splits', async () => {
    const { bytes } = await client.ask('/api/sets/run-small/pixels?rows=100,5,70&size=32')
    const read = async (split: string, row: number) => {
      const set = await openPatchSet(place.at('data', `${split}.h5`))
      const { data } = await set.read([row])
      await set.close()
      return Buffer.from(data)
    }
    const expected = [await read('test', 10), await read('train', 5), await read('val', 10)]
    expect(Buffer.compare(bytes, Buffer.concat(expected))).toBe(0)
  })

  it('have nearest training patches by cosine of their embeddings', async () => {
    const found = (await client.ask('/api/sets/run-small/patches/95/nearest?count=5')).json<NearestPatches>()
    expect(found.nearest).toHaveLength(5)
    expect(found.embeddings).toMatch(/^(none|macenko)\/texture$/)
    const results = JSON.parse(readFileSync(join(run, 'results.json'), 'utf8'))
    const { readMatrixFile } = await import('../../src/files/index.ts')
    const matrixOf = (split: string) =>
      readMatrixFile(join(run, results.embeddings[`${found.embeddings}/${split}`].file))
    const [test, train] = [await matrixOf('test'), await matrixOf('train')]
    const columns = train.shape[1]
    const rowOf = (matrix: typeof test, row: number) =>
      Array.from(matrix.data.subarray(row * columns, (row + 1) * columns))
    const cosine = (a: number[], b: number[]) => {
      const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i], 0)
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    }
    const query = rowOf(test, 5)
    const all = Array.from({ length: 60 }, (_, index) => ({
      index,
      cosine: cosine(query, rowOf(train, index)),
    }))
    const best = all.sort((a, b) => b.cosine - a.cosine).slice(0, 5)
    found.nearest.forEach((near, i) => {
      expect(near.cosine).toBeCloseTo(best[i].cosine, 5)
    })
    const own = (await client.ask('/api/sets/run-small/patches/3/nearest?count=60')).json<NearestPatches>()
    expect(own.nearest.map(({ index }) => index)).not.toContain(3)
    expect(own.nearest).toHaveLength(59)
  })

  it('of data have no neighbours, and it is said why', async () => {
    const answer = await client.ask(`/api/sets/${await idOf('data/val.h5')}/patches/1/nearest`)
    expect(answer.status).toBe(422)
    expect(answer.json()).toMatchObject({ error: { got: 'data that no run has embedded' } })
  })

  it('are refused where the data of the run were not given, and known without the cache', async () => {
    const strange = await place.serve({ data: [] })
    const refused = await strange.ask('/api/sets/run-small/columns')
    expect(refused.status).toBe(403)
    expect(refused.json()).toMatchObject({ error: { hint: expect.stringContaining('--data') } })
    mkdirSync(place.at('other-cache'))
    const own = await place.serve({ cache: place.at('other-cache') })
    const columns = await columnsOf('run-small', own)
    expect(columns.notes[0]).toContain('--cache')
    expect(columns).toMatchObject({ stains: [], ruleNames: [''] })
    expect(columns.cells).toHaveLength(2)
    expect((await own.ask('/api/sets/run-small/patches/95/nearest')).status).toBe(422)
  })

  it('of a limited split are those that were drawn', async () => {
    const folder = await runSmall(place, 'limited', ', limit: 12')
    const columns = await columnsOf('run-limited')
    const rows = readCsv(readFileSync(join(folder, 'rows', 'val.csv'), 'utf8'))
    const val = columns.ids.filter((_, row) => columns.splitNames[columns.split[row]] === 'val')
    expect(val).toEqual(rows.id)
    const { nearest } = (
      await client.ask(`/api/sets/run-limited/patches/${columns.count - 1}/nearest?count=3`)
    ).json<NearestPatches>()
    expect(nearest.every(({ index }) => columns.split[index] === 0)).toBe(true)
  })
})

describe('a doubted label', () => {
  const post = (id: string, body: unknown) => client.ask(`/api/sets/${id}/doubts`, { method: 'POST', body })

  it('is kept beside the runs, is the same in every set, and leaves the data as they are', async () => {
    const before = readFileSync(place.at('data', 'val.h5'))
    const note = '=HYPERLINK("http://evil.example") <script>alert(1)</script>'
    const made = (await post('run-small', { index: 62, as: 'unclear', note })).json<SetDoubts>()
    expect(made.file).toBe(place.at('runs', 'doubts.json'))
    expect(made.doubts).toMatchObject([
      { index: 62, as: 'unclear', note, source: place.at('data', 'val.h5') },
    ])
    const inData = (await client.ask(`/api/sets/${await idOf('data/val.h5')}/doubts`)).json<SetDoubts>()
    expect(inData.doubts.map(({ index }) => index)).toEqual([2])
    const file = JSON.parse(readFileSync(made.file, 'utf8'))
    expect(file).toMatchObject({ format: 'eosin doubts 1', doubts: [{ as: 'unclear', note }] })
    expect((await post('run-small', { index: 62, as: null })).json<SetDoubts>().doubts).toEqual([])
    expect(Buffer.compare(readFileSync(place.at('data', 'val.h5')), before)).toBe(0)
  })

  it('is not lost where two are doubted at once', async () => {
    await Promise.all([1, 2, 3, 4, 5].map((index) => post('run-small', { index, as: 'normal' })))
    const { doubts } = (await client.ask('/api/sets/run-small/doubts')).json<SetDoubts>()
    expect(doubts.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5])
  })

  it.each([
    {},
    { index: 1, as: 'x' },
    { index: 110, as: 'normal' },
    { index: 1.5, as: 'normal' },
    { index: 1, as: 'normal', note: 'x'.repeat(3000) },
    { index: 1, as: 'normal', note: 7 },
  ])('is refused as %j', async (body) => {
    expect((await post('run-small', body)).status).toBe(400)
  })

  it('is not written over a file that is something else', async () => {
    const file = place.at('runs', 'doubts.json')
    writeFileSync(file, '{"format":"eosin doubts 9"}')
    expect((await post('run-small', { index: 1, as: 'normal' })).status).toBe(422)
    expect(readFileSync(file, 'utf8')).toBe('{"format":"eosin doubts 9"}')
    rmSync(file)
    expect(existsSync(file)).toBe(false)
  })
})

it('columns of 100,000 patches are light, and read as they were written', async () => {
  const { writeColumns } = await import('../../src/serve/index.ts')
  const count = 100_000
  const columns = {
    ...(await columnsOf('run-small')),
    count,
    ids: Array.from({ length: count }, (_, row) => `${row}`),
    split: new Uint8Array(count),
    center: new Int32Array(count).fill(-1),
    slide: Int32Array.from({ length: count }, (_, row) => row % 50),
    label: new Uint8Array(count).fill(unknownLabel),
    rule: new Uint8Array(count),
    verdicts: { macenko: new Uint8Array(count).fill(1) },
  }
  const bytes = writeColumns(columns)
  expect(bytes.length).toBeLessThan(3_000_000)
  expect(readColumns(bytes)).toEqual(columns)
})
