// From run to forecast: what a run remembers, what a plan makes of it, and what the run folder says of both.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readRecipe } from '../../src/recipe/index.ts'
import type { RunForecast } from '../../src/runs/index.ts'
import { planStudy } from '../../src/study/index.ts'
import { readRates } from '../../src/tasks/index.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-forecast-'))
const at = (...names: string[]) => join(folder, ...names)
const rates = at('rates.jsonl')

beforeAll(async () => {
  vi.stubEnv('EOSIN_RATES', rates)
  const sizes = ['--train', '90', '--val', '30', '--test', '30']
  expect(await runCli(['patches', 'make', at('data'), ...sizes])).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

function writeRecipe(name: string, axes: string): string {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  writeFileSync(at(`${name}.yaml`), `name: ${name}\ndata:\n${data.join('\n')}\n${axes}\n`)
  return at(`${name}.yaml`)
}
const first =
  'seeds: 2\nstain: [none, macenko]\nembed: [texture]\nclassify: [logistic, { head: mlp, epochs: 2 }]'
const place = ['--out', at('runs'), '--cache', at('cache'), '--device', 'cpu']
const plan = async (path: string, options = {}) =>
  planStudy(await readRecipe(path), at('cache'), { device: 'cpu', ...options })
const readForecast = (name: string): RunForecast =>
  JSON.parse(readFileSync(at('runs', name, 'forecast.json'), 'utf8'))

describe('a run', () => {
  it('that nothing is known of says so, and remembers each task that it does', async () => {
    const path = writeRecipe('first', first)
    const { steps } = await plan(path)
    const { code, stderr } = await runCli(['study', 'run', path, ...place, '--jobs', '2', '--threads', '2'])
    expect(code).toBe(0)
    expect(stderr).toContain('Forecast: not known, since nothing like it has run on this machine yet (')
    const due = steps.filter((step) => step.due)
    const known = await readRates(rates)
    expect(known.map((rate) => rate.class).sort()).toEqual(due.map(({ cost }) => cost.class).sort())
    expect(
      known.every(
        ({ seconds, peakRssMb, bytes, sampled }) => seconds > 0 && peakRssMb > 0 && bytes > 0 && !sampled,
      ),
    ).toBe(true)
    expect(readForecast('first')).toMatchObject({
      tasks: due.length,
      unknown: due.length,
      jobs: 2,
      threads: 2,
    })
    const { outcome } = readForecast('first')
    expect(outcome.bytes).toBe(known.reduce((sum, { bytes }) => sum + bytes, 0))
    expect(outcome.peakRssMb).toBeGreaterThanOrEqual(Math.max(...known.map(({ peakRssMb }) => peakRssMb)))
  }, 120_000)

  it('that finds all its tasks done leaves the forecast of the one that did them', async () => {
    const before = readFileSync(at('runs', 'first', 'forecast.json'), 'utf8')
    const lines = (await readRates(rates)).length
    const { code, stderr } = await runCli(['study', 'run', at('first.yaml'), ...place])
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Forecast')])
    expect(readFileSync(at('runs', 'first', 'forecast.json'), 'utf8')).toBe(before)
    expect((await readRates(rates)).length).toBe(lines)
  }, 120_000)
})

describe('a plan', () => {
  it('of other patches knows what the run remembered, and the bytes of what grows with them', async () => {
    const data = '{ path: data/train.h5, limit: 60 }'
    const path = writeRecipe('second', first)
    writeFileSync(path, readFileSync(path, 'utf8').replace('{ path: data/train.h5 }', data))
    const { forecast, steps } = await plan(path, { jobs: 2, threads: 2 })
    expect(new Set(forecast.tasks.map(({ known }) => known))).toEqual(new Set(['measured']))
    expect(forecast.tasks.length).toBe(steps.filter(({ due }) => due).length)
    expect(forecast.seconds).toBeGreaterThan(0)
    const embedded = steps.filter(({ kind, due, items }) => kind === 'embed' && due && items === 60)
    for (const { key } of embedded)
      expect(forecast.tasks.find((task) => task.key === key)!.bytes).toBe(4 * 60 * 266)
    expect(embedded).toHaveLength(2)
    const { code, stdout } = await runCli(['study', 'plan', path, ...place])
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Forecast: about .* with \d+ jobs? \(measured/m),
    ])
    const { code: asJson, stdout: text } = await runCli(['study', 'plan', path, ...place, '--json'])
    expect([asJson, JSON.parse(text).forecast.tasks.length]).toEqual([0, forecast.tasks.length])
  }, 120_000)

  it('tries what is new where it may, says what it does not know, and is right where nothing is due', async () => {
    const path = writeRecipe(
      'third',
      'seeds: 1\nstain: [reinhard, cyclegan]\nembed: [texture]\nclassify: [knn]',
    )
    const before = await plan(path)
    const classesOf = ({ forecast }: typeof before, known: string) =>
      new Set(forecast.tasks.filter((task) => task.known === known).map((task) => task.class))
    expect(classesOf(before, 'sampled').size).toBe(0)
    expect(classesOf(before, 'unknown')).toContain('fit reinhard')
    const sampled = await plan(path, { sampling: 60 })
    expect(classesOf(sampled, 'sampled')).toContain('fit reinhard')
    expect(classesOf(await plan(path), 'sampled')).toEqual(classesOf(sampled, 'sampled'))
    const { stdout } = await runCli(['study', 'plan', path, ...place])
    expect(stdout).toMatch(/^Forecast: at least .* Not known: \d+ tasks \(fit cyclegan/m)
    const done = await runCli(['study', 'plan', at('first.yaml'), ...place])
    expect(done.stdout).toContain('Forecast: nothing is left to do.')
  }, 120_000)
})

describe('where nothing may be remembered', () => {
  it('a run goes on as ever', async () => {
    vi.stubEnv('EOSIN_RATES', at('first.yaml', 'no-folder', 'rates.jsonl'))
    const path = writeRecipe('fourth', 'seeds: 1\nstain: [grayscale]\nembed: [texture]\nclassify: [logistic]')
    expect(await runCli(['study', 'run', path, ...place])).toMatchObject({ code: 0 })
    expect(existsSync(at('runs', 'fourth', 'forecast.json'))).toBe(true)
    vi.stubEnv('EOSIN_RATES', rates)
  }, 120_000)
})
