// A study over a damaged cache says what was damaged, makes it anew and ends in the same bytes.

import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readResults } from '../../src/study/index.ts'
import { hashRun } from '../cli/killing.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-damaged-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = at('runs', 'small')
const study = () => runCli(['study', 'run', at('recipe.yaml'), '--out', at('runs'), '--device', 'cpu'])

beforeAll(async () => {
  await runCli(['patches', 'make', at('data'), '--train', '60', '--val', '24', '--test', '24'])
  writeFileSync(
    at('recipe.yaml'),
    `name: small
seeds: 1
data: { train: { path: data/train.h5 }, val: { path: data/val.h5 } }
stain: [macenko]
embed: [texture]
classify: [{ head: mlp, epochs: 2 }]
`,
  )
  expect(await study()).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a study over a damaged cache', () => {
  it('names each damaged file in one line, makes its entry anew and ends in the same bytes', async () => {
    const whole = hashRun(run)
    const { embeddings, stains, cells } = await readResults(run)
    const harmed = [
      stains.macenko.fit,
      embeddings['macenko/texture/train'].file,
      join(cells['macenko/texture/mlp'][0].head, 'head.safetensors'),
    ]
    truncateSync(harmed[0], 20)
    truncateSync(harmed[1], 1000)
    rmSync(harmed[2])
    const { code, stderr } = await study()
    expect(code, stderr).toBe(0)
    const said = stderr.split('\n').filter((line) => line.includes('the entry is made anew'))
    expect(said.map((line) => line.replace(/: expected.*/, ''))).toEqual(
      harmed.map((path) => `Warning: ${path}`),
    )
    expect(hashRun(run)).toEqual(whole)
    const log = readFileSync(join(run, 'log.jsonl'), 'utf8')
    expect(log.split('\n').filter((line) => line.includes('damaged entry'))).toHaveLength(3)
    expect((await study()).stderr).not.toContain('Warning')
  }, 120_000)
})
