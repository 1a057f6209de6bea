// Processes that work at the same time, under one cache or into one folder, help each other: all end well, in the bytes
// that one alone would have written.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashRun, killWhen } from '../cli/killing.ts'
import { runCli, startCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-together-'))
const inFolder = (...parts: string[]) => join(folder, ...parts)

const recipe = (name: string, heads: string) => `name: ${name}
seeds: 2
data:
  train: { path: data/train.h5 }
  val: { path: data/val.h5 }
  test: { path: data/test.h5 }
stain: [macenko]
embed: [texture]
classify: [${heads}]
`
const study = (file: string, out: string) => [
  'study',
  'run',
  inFolder(file),
  '--out',
  inFolder(out),
  '--device',
  'cpu',
  '--threads',
  '1',
]

/** What stands in a folder that ought not to, once all have ended. */
const leftovers = (path: string) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(\.work|\.lease|\.guard|\.tmp|\.old|[\\/]lock)$/.test(name),
  )

beforeAll(async () => {
  const made = await runCli([
    'patches',
    'make',
    inFolder('data'),
    '--train',
    '120',
    '--val',
    '50',
    '--test',
    '50',
  ])
  expect(made).toMatchObject({ code: 0 })
  writeFileSync(inFolder('one.yaml'), recipe('one', '{ head: mlp, epochs: 4 }'))
  writeFileSync(inFolder('two.yaml'), recipe('two', '{ head: mlp, epochs: 4 }, logistic'))
  for (const name of ['one', 'two'])
    expect(await runCli(study(`${name}.yaml`, 'alone'))).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('two studies under one cache', () => {
  it.each([1, 2, 3])('of different recipes both end in the bytes of one alone (%i)', async (round) => {
    const out = `both-${round}`
    const ended = await Promise.all(['one', 'two'].map((name) => runCli(study(`${name}.yaml`, out))))
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0])
    for (const name of ['one', 'two'])
      expect(hashRun(inFolder(out, name))).toEqual(hashRun(inFolder('alone', name)))
    expect(leftovers(inFolder(out))).toEqual([])
  }, 120_000)

  it('of one recipe: the second waits for the first, says so, and finds everything done', async () => {
    const ended = await Promise.all([1, 2].map(() => runCli(study('one.yaml', 'same'))))
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0])
    expect(hashRun(inFolder('same', 'one'))).toEqual(hashRun(inFolder('alone', 'one')))
    expect(
      ended.filter(({ stderr }) => /one[\\/]lock: held by process \d+; waiting for it/.test(stderr)),
    ).toHaveLength(1)
    expect(leftovers(inFolder('same'))).toEqual([])
  }, 120_000)

  it('one of them killed: the other goes on with what it had finished', async () => {
    const isEmbedding = () => {
      try {
        return readdirSync(inFolder('killed', '.cache', 'embed')).some((name) => name.endsWith('.work'))
      } catch {
        return false
      }
    }
    const other = runCli(study('two.yaml', 'killed'))
    expect(await killWhen(study('one.yaml', 'killed'), isEmbedding)).toBe(true)
    expect((await other).code).toBe(0)
    expect(hashRun(inFolder('killed', 'two'))).toEqual(hashRun(inFolder('alone', 'two')))
    expect(await runCli(study('one.yaml', 'killed'))).toMatchObject({ code: 0 })
    expect(hashRun(inFolder('killed', 'one'))).toEqual(hashRun(inFolder('alone', 'one')))
    expect(leftovers(inFolder('killed'))).toEqual([])
  }, 120_000)
})

describe('a run', () => {
  it('is refused a place in its own cache', async () => {
    const { code, stderr } = await runCli([...study('one.yaml', 'own'), '--cache', inFolder('own', 'one')])
    expect([code, stderr]).toEqual([2, expect.stringContaining('which lies in the cache')])
  })
})

describe('a study that is stopped by Ctrl-C', () => {
  it('gives back its leases, so that another machine need not wait, and goes on', async () => {
    const { child, done } = startCli(study('one.yaml', 'stopped'))
    const stage = inFolder('stopped', '.cache', 'embed')
    while (!(existsSync(stage) && readdirSync(stage).some((name) => name.endsWith('.lease'))))
      await setTimeout(2)
    child.kill('SIGINT')
    expect(await done).toMatchObject({ code: 130 })
    expect(leftovers(inFolder('stopped')).filter((name) => !name.endsWith('.work'))).toEqual([])
    expect(await runCli(study('one.yaml', 'stopped'))).toMatchObject({ code: 0 })
    expect(hashRun(inFolder('stopped', 'one'))).toEqual(hashRun(inFolder('alone', 'one')))
  }, 60_000)
})

describe('two commands into one folder', () => {
  const embed = (out: string, ...more: string[]) =>
    runCli(['embed', inFolder('data', 'train.h5'), '--out', inFolder(out), '--threads', '1', ...more])

  it('of the same embeddings both end with them', async () => {
    expect(await embed('alone-embedded')).toMatchObject({ code: 0 })
    const ended = await Promise.all([embed('embedded'), embed('embedded')])
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0])
    expect(hashRun(inFolder('embedded'))).toEqual(hashRun(inFolder('alone-embedded')))
  }, 60_000)

  it('of all shards at once all end, and the whole is there', async () => {
    const ended = await Promise.all([1, 2, 3].map((i) => embed('shards', '--shard', `${i}/3`)))
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0, 0])
    expect(hashRun(inFolder('shards'))).toEqual(hashRun(inFolder('alone-embedded')))
    expect(readdirSync(folder).filter((name) => name.startsWith('shards'))).toEqual(['shards'])
  }, 60_000)

  it('of other embeddings the second is refused, and the first stay', async () => {
    const ended = await Promise.all([
      embed('either'),
      runCli(['embed', inFolder('data', 'val.h5'), '--out', inFolder('either'), '--threads', '1']),
    ])
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 2])
    const { source } = JSON.parse(readFileSync(inFolder('either', 'manifest.json'), 'utf8')) as {
      source: string
    }
    expect(source).toBe(inFolder('data', ended[0].code === 0 ? 'train.h5' : 'val.h5'))
  }, 60_000)

  it('of patches that are made, or normalised into pictures: one makes them, the folder is whole', async () => {
    const make = () =>
      runCli(['patches', 'make', inFolder('made'), '--train', '40', '--val', '8', '--test', '8'])
    const made = await Promise.all([make(), make()])
    expect(made.map(({ code }) => code).sort(), made.map(({ stderr }) => stderr).join('\n')).toEqual([0, 2])
    expect(readdirSync(inFolder('made')).filter((name) => name.endsWith('.h5'))).toHaveLength(3)
    const fit = [
      'stain',
      'fit',
      inFolder('data', 'train.h5'),
      '--method',
      'macenko',
      '--out',
      inFolder('fit.json'),
    ]
    expect(await runCli(fit)).toMatchObject({ code: 0 })
    const apply = (out: string) =>
      runCli(['stain', 'apply', inFolder('data', 'val.h5'), '--fit', inFolder('fit.json'), '--out', out])
    const applied = await Promise.all([apply(inFolder('applied')), apply(`${inFolder('applied')}/`)])
    expect(applied.map(({ code }) => code).sort(), applied.map(({ stderr }) => stderr).join('\n')).toEqual([
      0, 2,
    ])
    expect(readdirSync(inFolder('applied')).filter((file) => file.endsWith('.png'))).toHaveLength(50)
    expect(leftovers(folder)).toEqual([])
  }, 60_000)

  it('a slash at the end of a folder makes no other', async () => {
    expect(await embed('slashed/')).toMatchObject({ code: 0 })
    expect(await embed('slashed-shards/', '--shard', '1/2')).toMatchObject({ code: 0 })
    expect(await embed('slashed-shards/', '--shard', '2/2')).toMatchObject({ code: 0 })
    for (const name of ['slashed', 'slashed-shards'])
      expect(hashRun(inFolder(name))).toEqual(hashRun(inFolder('alone-embedded')))
  }, 60_000)
})
