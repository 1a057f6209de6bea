// Runs as the pages are told of them, and studies that are begun, found again, ended and gone on with.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  ComparedRuns,
  RecipeEntry,
  RunDetail,
  RunEntry,
  RunProgress,
  StartedStudy,
} from '../../src/serve/index.ts'
import { startCli } from '../cli/runCli.ts'
import { type Client, openWorkplace, runSmall, type Workplace, writeRecipe } from './workplace.ts'

let place: Workplace
let client: Client
beforeAll(async () => {
  place = await openWorkplace()
  await runSmall(place, 'first')
  client = await place.serve()
}, 120_000)
afterAll(() => place.close())

const listOf = async (own = client) => (await own.ask('/api/runs')).json<{ runs: RunEntry[] }>().runs
const entryOf = async (name: string, own = client) => (await listOf(own)).find((run) => run.name === name)
const statusOf = async (name: string, own = client) =>
  (await own.ask(`/api/runs/${name}/status`)).json<RunProgress>()
const post = (path: string, body: unknown = {}, own = client) => own.ask(path, { method: 'POST', body })

async function waitUntil(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await isSo()) return
    await setTimeout(100)
  }
  throw new Error('it did not come so far within a minute')
}

describe('the list of runs', () => {
  it('tells of a finished run what its files say', async () => {
    const metrics = JSON.parse(readFileSync(place.at('runs', 'first', 'metrics.json'), 'utf8'))
    const chosen = metrics.cells.find((cell: { id: string }) => cell.id === metrics.chosen)
    const { value, low, high } = chosen.test.accuracy
    expect(await entryOf('first')).toMatchObject({
      state: 'done',
      cells: 2,
      chosen: metrics.chosen,
      accuracy: { value, low, high, on: 'test' },
      origin: 'synthetic',
      hasReport: true,
      problem: null,
      notes: [expect.stringContaining('this is 1.2.3')],
    })
  })

  it('lists runs that are half there or of another version, with what is wrong, and nothing that is none', async () => {
    const copy = (name: string) =>
      cpSync(place.at('runs', 'first'), place.at('runs', name), { recursive: true })
    const rewrite = (name: string, file: string, text: string) =>
      writeFileSync(place.at('runs', name, file), text)
    copy('half')
    rmSync(place.at('runs', 'half', 'metrics.json'))
    copy('cut')
    rewrite(
      'cut',
      'metrics.json',
      readFileSync(place.at('runs', 'cut', 'metrics.json'), 'utf8').slice(0, 500),
    )
    copy('newer')
    rewrite('newer', 'study.json', '{"format":"eosin study 7"}')
    copy('other')
    rewrite('other', 'metrics.json', '{"cells":[],"chosen":"x"}')
    mkdirSync(place.at('runs', 'begun'))
    cpSync(place.at('runs', 'first', 'study.json'), place.at('runs', 'begun', 'study.json'))
    mkdirSync(place.at('runs', 'nothing-of-a-run'))
    writeFileSync(place.at('runs', 'a-file'), '')
    const said = Object.fromEntries(
      (await listOf()).map(({ name, state, problem }) => [name, { state, problem }]),
    )
    expect(Object.keys(said)).toEqual(['begun', 'cut', 'first', 'half', 'newer', 'other'])
    expect(said.half).toMatchObject({
      state: 'damaged',
      problem: { where: expect.stringContaining('metrics.json') },
    })
    expect(said.cut).toMatchObject({
      state: 'damaged',
      problem: { expected: expect.stringContaining('JSON') },
    })
    expect(said.newer.problem).toMatchObject({ expected: "format 'eosin study 1'", got: 'eosin study 7' })
    expect(said.other.problem).toMatchObject({ expected: 'cells, among them the chosen one' })
    expect(said.begun).toMatchObject({ state: 'stopped', problem: { got: 'a run that did not end' } })
    for (const name of ['half', 'cut', 'newer', 'other', 'begun']) {
      const status = await statusOf(name)
      expect(status.name).toBe(name)
      const detail = (await client.ask(`/api/runs/${name}`)).json<RunDetail>()
      expect(detail.name).toBe(name)
      expect((await client.ask(`/api/sets/run-${name}/columns`)).status).toBeLessThan(500)
    }
    expect((await statusOf('newer')).problem).toMatchObject({ got: 'eosin study 7' })
    for (const name of ['half', 'cut', 'newer', 'other', 'begun'])
      rmSync(place.at('runs', name), { recursive: true })
  })
})

describe('a run', () => {
  it('has its table, its report and how far it is', async () => {
    const detail = (await client.ask('/api/runs/first')).json<RunDetail>()
    expect(detail.table.map(({ id, isChosen }) => [id, isChosen])).toHaveLength(2)
    expect(detail.table.filter(({ isChosen }) => isChosen).map(({ id }) => id)).toEqual([detail.chosen])
    const report = await client.ask('/api/runs/first/report')
    expect(report.text).toBe(readFileSync(place.at('runs', 'first', 'report.html'), 'utf8'))
    const status = await statusOf('first')
    expect(status).toMatchObject({
      state: 'done',
      canCancel: false,
      running: [],
      failed: [],
      secondsLeft: null,
    })
    expect(status.counts.done).toBeGreaterThan(5)
    expect(status.counts.waiting).toBe(0)
    const embed = status.stages.find(({ stage }) => stage === 'embed')!
    expect(embed.itemsPerSecond).toBeGreaterThan(0)
    expect(status.log.some(({ text }) => text.startsWith('study done'))).toBe(true)
  })

  it('is compared with another, cell by cell', async () => {
    await runSmall(place, 'second')
    const compared = (await client.ask('/api/compare?a=first&b=second')).json<ComparedRuns>()
    expect(compared.runs.map(({ name }) => name)).toEqual(['first', 'second'])
    expect(compared.comparisons).toHaveLength(4)
    for (const { paired } of compared.comparisons) expect(paired.difference.value).toBe(0) // the same recipe and seed
    expect((await client.ask('/api/compare?a=first&b=first')).status).toBe(400)
    expect((await client.ask('/api/compare?a=first&b=gone')).status).toBe(404)
  })

  it('that nobody works for cannot be cancelled, nor can a process that is no study', async () => {
    expect((await post('/api/runs/first/cancel')).json()).toMatchObject({ error: { got: 'none' } })
    const { takeLease } = await import('../../src/tasks/index.ts')
    const lease = await takeLease(place.at('runs', 'first', 'lock'))
    try {
      const answer = await post('/api/runs/first/cancel') // this process holds it
      expect(answer.status).toBe(409)
      expect(answer.json()).toMatchObject({
        error: { where: `process ${process.pid}`, expected: 'a study of Eosin' },
      })
    } finally {
      await lease.release()
    }
    const lock = { host: 'x', process: 1, space: 'forged', began: '1', token: 'abc' }
    writeFileSync(place.at('runs', 'first', 'lock'), JSON.stringify(lock))
    expect((await post('/api/runs/first/cancel')).status).toBe(409)
    rmSync(place.at('runs', 'first', 'lock'))
  })
})

describe('a recipe', () => {
  it('is listed from the folders given, with what is wrong with it', async () => {
    writeFileSync(place.at('data', 'wrong.yaml'), 'name: wrong\nstain: [nothing]\n')
    const { recipes } = (await client.ask('/api/recipes')).json<{ recipes: RecipeEntry[] }>()
    expect(recipes.map(({ name }) => name)).toEqual(['first', 'second', null])
    expect(recipes[2].problem).toMatchObject({ where: expect.stringContaining('wrong.yaml') })
    expect(recipes[0]).not.toHaveProperty('file')
    const wrong = await post('/api/studies', { recipe: recipes[2].id })
    expect(wrong.status).toBe(400)
    rmSync(place.at('data', 'wrong.yaml'))
  })

  it('that reads data elsewhere is refused', async () => {
    writeFileSync(
      place.at('data', 'far.yaml'),
      'name: far\ndata: { train: { path: /etc/hostname }, val: { path: val.h5 } }\nstain: [none]\nembed: [texture]\nclassify: [mlp]\n',
    )
    const { recipes } = (await client.ask('/api/recipes')).json<{ recipes: RecipeEntry[] }>()
    const far = recipes.find(({ name }) => name === 'far')!
    expect((await post('/api/studies', { recipe: far.id })).status).toBe(403)
    expect(existsSync(place.at('runs', 'far'))).toBe(false)
    rmSync(place.at('data', 'far.yaml'))
  })

  it('does not replace another of the same name unasked', async () => {
    writeRecipe(place, 'first', '', 'stain: [none]\nembed: [texture]\nclassify: [{ head: mlp, epochs: 3 }]')
    const { recipes } = (await client.ask('/api/recipes')).json<{ recipes: RecipeEntry[] }>()
    const { id } = recipes.find(({ name }) => name === 'first')!
    expect((await post('/api/studies', { recipe: id })).status).toBe(409)
  })
})

describe('a study', () => {
  const long =
    'stain: [none, macenko]\nembed: [texture]\nclassify: [{ head: mlp, epochs: 2000, patience: 2000 }]'

  // The processes that did its tasks end just after the one that led them.
  const isAtRest = async () => {
    const { state, running } = await statusOf('long')
    return state === 'stopped' && running.length === 0
  }

  it('lives on when the server is killed, is found again, cancelled, and gone on with', async () => {
    writeRecipe(place, 'long', '', long)
    const { child, done } = startCli([
      ...['serve', place.at('runs'), '--data', place.at('data'), '--cache', place.at('cache'), '--no-open'],
    ])
    let said = ''
    child.stderr!.on('data', (text) => (said += text))
    const address = () => /http:\S+/.exec(said)?.[0]
    await waitUntil(async () => address() !== undefined)
    const { origin, search } = new URL(address()!)
    const entered = await fetch(`${origin}/${search}`, { redirect: 'manual' })
    const cookie = entered.headers.getSetCookie()[0].split(';')[0]
    const headers = { cookie, origin, 'content-type': 'application/json' }
    const { recipes } = (await (await fetch(`${origin}/api/recipes`, { headers })).json()) as {
      recipes: RecipeEntry[]
    }
    const { id } = recipes.find(({ name }) => name === 'long')!
    const begun = await fetch(`${origin}/api/studies`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ recipe: id }),
    })
    expect(begun.status).toBe(202)
    const { process: number } = (await begun.json()) as StartedStudy
    child.kill('SIGKILL')
    await done

    await waitUntil(async () => (await statusOf('long')).running.length > 0)
    const status = await statusOf('long')
    expect(status).toMatchObject({ state: 'running', canCancel: true })
    expect(await entryOf('long')).toMatchObject({ state: 'running', problem: null })
    const again = await post('/api/studies', { recipe: id })
    expect(again.status).toBe(409)
    expect(again.json()).toMatchObject({ error: { got: expect.stringContaining(`process ${number}`) } })

    const cancelled = await post('/api/runs/long/cancel')
    expect(cancelled.status).toBe(202)
    expect(cancelled.json()).toEqual({ process: number })
    await waitUntil(isAtRest)
    const stopped = await statusOf('long')
    expect(stopped).toMatchObject({ canCancel: false, running: [] })
    expect(stopped.counts.done).toBeGreaterThan(0)
    expect(stopped.log.some(({ text }) => text.includes('goes on from here'))).toBe(true)

    const goesOn = await post('/api/studies', { run: 'long' })
    expect(goesOn.status).toBe(202)
    await waitUntil(async () => (await statusOf('long')).running.length > 0)
    expect((await post('/api/runs/long/cancel')).status).toBe(202)
    await waitUntil(isAtRest)
    expect(existsSync(join(place.at('runs', 'long'), 'output.log'))).toBe(true)
  }, 180_000)
})
