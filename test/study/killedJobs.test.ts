// A study whose tasks are done by several processes, stopped in every way: its processes end with it, nothing that is left
// stands in the way, and called again until it is done it ends in the bytes of one that nobody disturbed.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { hashRun } from '../cli/killing.ts'
import { runCli, startCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-killed-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const heads = {
  one: '{ head: mlp, epochs: 4 }, logistic',
  two: '{ head: mlp, epochs: 4 }, { head: knn, k: 3 }',
}
type Name = keyof typeof heads
const args = (name: Name, out: string, jobs = '2') => [
  ...['study', 'run', at(`${name}.yaml`), '--out', at(out), '--device', 'cpu'],
  ...['--jobs', jobs, '--threads', '2'],
]

const alone = {} as Record<Name, Record<string, string>>
let seconds = 0 // that a study takes
beforeAll(async () => {
  const sizes = ['--train', '120', '--val', '50', '--test', '50', '--size', '48']
  expect(await runCli(['patches', 'make', at('data'), ...sizes])).toMatchObject({ code: 0 })
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }\n`).join('')
  for (const name of ['one', 'two'] as const) {
    const axes = `stain: [none, macenko]\nembed: [texture]\nclassify: [${heads[name]}]\n`
    writeFileSync(at(`${name}.yaml`), `name: ${name}\nseeds: 2\ndata:\n${data}${axes}`)
    const start = performance.now()
    expect(await runCli(args(name, 'alone', '1'))).toMatchObject({ code: 0 })
    seconds = (performance.now() - start) / 1000
    alone[name] = hashRun(at('alone', name))
  }
}, 120_000)

// The processes that work for the studies of this file, also those whose run has ended: they know where it was.
process.env.EOSIN_TEST_FOLDER = folder
const listWorking = (): number[] => {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      return '' // it has ended
    }
  }
  return readdirSync('/proc')
    .filter((pid) => read(pid, 'cmdline').includes('jobChild') && read(pid, 'environ').includes(folder))
    .map(Number)
}

// Waits for processes that ought to end; gives those that do not.
async function outlive(patienceMs = 10_000): Promise<number[]> {
  const end = performance.now() + patienceMs
  while (listWorking().length > 0 && performance.now() < end) await setTimeout(50)
  return listWorking()
}

// What stands in a folder once its processes have ended that only a living one should have there.
const leftBehind = (path: string, kinds = /\.(lease|guard|tmp|old)$|[\\/]lock$|\.list$/) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => kinds.test(name))

// Starts a study and waits until its processes embed patches, or it has ended.
async function startEmbedding(out: string): Promise<ReturnType<typeof startCli>> {
  const started = startCli(args('one', out))
  const embed = at(out, '.cache', 'embed')
  const isThere = () => existsSync(embed) && readdirSync(embed).some((name) => name.endsWith('.lease'))
  while (!isThere() && started.child.exitCode === null) await setTimeout(2)
  return started
}

describe.runIf(process.platform === 'linux')('a study with two jobs', () => {
  it('killed at twenty moments leaves no process behind, and ends in the bytes of one left alone', async () => {
    const random = openRandom(0, 'moments')
    const began = new Set<number>()
    let killed = 0
    for (let moment = 0; moment < 20; moment++) {
      // Early ones meet the beginning of a run that has to do all; later ones what is left of it.
      const wait = 1000 * Math.max(0.3, Math.min(seconds, 4) * random.uniform())
      const { child, done } = startCli(args('one', 'killed'))
      const isOver = await Promise.race([done, setTimeout(wait)])
      for (const pid of listWorking()) began.add(pid)
      if (isOver) {
        expect(isOver.code, isOver.stderr).toBe(0)
        rmSync(at('killed'), { recursive: true, force: true }) // from the beginning
        continue
      }
      child.kill('SIGKILL')
      await done
      killed++
    }
    expect(killed).toBeGreaterThan(5)
    expect(began.size).toBeGreaterThan(5)
    expect(await outlive()).toEqual([])
    const { code, stderr } = await runCli(args('one', 'killed'))
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/eosin:|Warning/)])
    expect(hashRun(at('killed', 'one'))).toEqual(alone.one)
    // A fingerprint that is being written when its process is killed leaves a file of some bytes, which harms nobody.
    const left = leftBehind(at('killed'), /\.(lease|guard|tmp|old|work|list)$|[\\/]lock$/)
    expect(left.filter((name) => !name.includes('fingerprints'))).toEqual([])
  }, 180_000)

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'stopped by %s says so in one line, takes its processes along and goes on',
    async (signal, code) => {
      const out = `by-${signal}`
      const { child, done } = await startEmbedding(out)
      const children = listWorking()
      expect(children.length).toBeGreaterThan(0)
      child.kill(signal)
      const ended = await done
      expect(ended.code).toBe(code)
      expect(ended.stderr.split('\n').filter((line) => line && !/^(✓|Forecast)/.test(line))).toEqual([
        'eosin: stopped; call it again and it goes on from here',
      ])
      expect(await outlive()).toEqual([])
      expect(leftBehind(at(out))).toEqual([])
      expect(await runCli(args('one', out))).toMatchObject({ code: 0 })
      expect(hashRun(at(out, 'one'))).toEqual(alone.one)
    },
    120_000,
  )

  it('stopped with all its processes, as a terminal that is closed does, leaves nothing behind either', async () => {
    const { child, done } = await startEmbedding('closed')
    const children = listWorking()
    for (const pid of children) process.kill(pid, 'SIGHUP')
    await setTimeout(100)
    child.kill('SIGHUP')
    const { code, stderr } = await done
    expect([code, stderr]).toEqual([129, expect.not.stringContaining('✗')])
    expect(await outlive()).toEqual([])
    expect(leftBehind(at('closed'))).toEqual([])
    expect(await runCli(args('one', 'closed'))).toMatchObject({ code: 0 })
    expect(hashRun(at('closed', 'one'))).toEqual(alone.one)
  }, 120_000)
})

describe('two studies with two jobs each under one cache', () => {
  it('end in the bytes of one alone, and no task is done twice', async () => {
    const names = ['one', 'two'] as const
    const ended = await Promise.all(names.map((name) => runCli(args(name, 'both'))))
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0])
    for (const name of names) expect(hashRun(at('both', name))).toEqual(alone[name])
    expect(leftBehind(at('both'), /\.(lease|guard|tmp|old|work|list)$|[\\/]lock$/)).toEqual([])
    // Every step that was made, by either: a step's name says its entry, but for the filters of splits, which are the same.
    const made = ended.flatMap(({ stderr }) =>
      [...stderr.matchAll(/^✓ (\w+) +(.*?) {2,}(cached)?/gm)].flatMap(([, stage, what, cached]) =>
        cached || stage === 'report' ? [] : [`${stage} ${what}`],
      ),
    )
    const stages = ['patches', 'overlap', 'quality', 'stain', 'embed', 'classify', 'evaluate']
    const entries = stages.flatMap((stage) => readdirSync(at('both', '.cache', stage)))
    expect(made.filter((step, i) => made.indexOf(step) !== i)).toEqual([])
    expect(made).toHaveLength(entries.length)
  }, 120_000)
})
