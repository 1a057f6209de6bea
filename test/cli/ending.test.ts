// How a command ends: one rule of exit codes, signals, full devices and closed pipes.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { describeFailure } from '../../src/cli/ending.ts'
import { explainWriteError } from '../../src/files/index.ts'
import { runCli, startCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-ending-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = `${process.execPath} dist/cli/main.js`
const shell = (script: string) => spawnSync('bash', ['-c', script], { encoding: 'utf8' })

// Starts a command that takes long and sends it `signal` once it is at work.
async function stop(args: readonly string[], signal: NodeJS.Signals, isAtWork: () => boolean) {
  const { child, done } = startCli(args)
  const timer = setInterval(() => {
    if (!isAtWork()) return
    clearInterval(timer)
    child.kill(signal)
  }, 20)
  const result = await done
  clearInterval(timer)
  return result
}

describe('a full disk', () => {
  it('is no reason to hope for finished work, except where a command goes on from it', () => {
    const cause = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
    const error = explainWriteError('x.csv', cause) as DataError
    expect(describeFailure(error, false)).toMatch(
      /^x\.csv: got .*; the disk is full: free some space and run again$/,
    )
    expect(describeFailure(error, true)).toMatch(/run again, finished work is kept$/)
    const other = new DataError({ where: 'x.csv', got: 'nothing' })
    expect(describeFailure(other, true)).toBe('x.csv: got nothing')
  })
})

describe('the exit code', () => {
  it.each([
    [0, ['--version']],
    [0, ['study', 'run', '--help']],
    [2, []],
    [2, ['study']],
    [2, ['nonsense']],
    [2, ['study', 'run', 'nowhere.yaml']],
    [1, ['patches', 'info', 'nowhere.h5']],
  ])('is %d for eosin %j', async (code, args) => {
    expect((await runCli(args)).code).toBe(code)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is 128 and more for %s, which leaves nothing half-written', async (signal, expected) => {
    const out = join(folder, signal)
    const isAtWork = () => readdirSync(folder).includes(`.${signal}.partial`)
    const { code, stderr } = await stop(['patches', 'make', out, '--train', '50000'], signal, isAtWork)
    expect(code).toBe(expected)
    expect(stderr).toMatch(/^eosin: stopped; nothing was left half-written$/m)
    expect(readdirSync(folder)).toEqual([])
  })

  it('comes with the word that the run goes on when it is called again', async () => {
    const out = join(folder, 'demo')
    const args = ['demo', '--patches', '50000', '--out', out]
    const isAtWork = () => existsSync(out) && readdirSync(out).length > 0
    const { code, stderr } = await stop(args, 'SIGINT', isAtWork)
    expect(code).toBe(130)
    expect(stderr).toMatch(/^eosin: stopped; call it again and it goes on from here$/m)
    rmSync(out, { recursive: true, force: true })
  })
})

describe('output', () => {
  it.skipIf(!existsSync('/dev/full'))(
    'that cannot be written is a failure (skipped without /dev/full)',
    () => {
      const { status, stderr } = shell(`${program} weights list > /dev/full`)
      expect(status).toBe(1)
      expect(stderr).toBe('eosin: stdout: got no space left on the disk\n')
    },
  )

  it('to a reader that has gone ends quietly', () => {
    const { stdout, stderr } = shell(`${program} weights list --json | head -1; echo \${PIPESTATUS[0]}`)
    expect(stdout).toBe('[\n0\n')
    expect(stderr).toBe('')
  })
})
