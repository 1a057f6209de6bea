// Leases: held by one process at a time, given up by the dead at once on their own machine and by silence on others.

import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { takeLease, withLease } from '../../src/tasks/index.ts'
import { makeTemporaryFolder } from '../patches/fixtures.ts'

const inFolder = makeTemporaryFolder()

/** Runs a script that may take leases in a process of its own; resolves when it ends. */
function start(script: string): { child: ChildProcess; done: Promise<number | null>; ready: Promise<void> } {
  const door = JSON.stringify(`file://${process.cwd()}/dist/tasks/index.js`)
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `import { takeLease, withLease } from ${door}\n${script}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return {
    child,
    done: new Promise((resolve) => child.on('close', resolve)),
    ready: new Promise((resolve) => child.stdout!.once('data', () => resolve())),
  }
}
const hold = (path: string) =>
  start(`await takeLease(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000)`)

/** A lease as another process would have left it, changed by `facts`. */
async function forge(path: string, facts: object): Promise<void> {
  const lease = await takeLease(path)
  const content = JSON.parse(readFileSync(path, 'utf8')) as object
  await lease.release()
  writeFileSync(path, JSON.stringify({ ...content, token: 'forged', ...facts }))
}

const waited = async (path: string, options = {}) => {
  const told: string[] = []
  const began = performance.now()
  await (await takeLease(path, { onWait: (sentence) => told.push(sentence), ...options })).release()
  return { told, ms: performance.now() - began }
}

describe('a lease', () => {
  it('is held by one at a time, and the next is told of whom it waits for', async () => {
    const path = inFolder('one.lease')
    const first = await takeLease(path)
    const told: string[] = []
    let isTaken = false
    const second = takeLease(path, { onWait: (sentence) => told.push(sentence) }).then((lease) => {
      isTaken = true
      return lease
    })
    await setTimeout(300)
    expect([isTaken, await first.isHeld()]).toEqual([false, true])
    expect(told).toEqual([`${path}: held by process ${process.pid}; waiting for it`])
    await first.release()
    const lease = await second
    expect([await first.isHeld(), await lease.isHeld()]).toEqual([false, true])
    await first.release() // a second time: not its own any more
    expect(await lease.isHeld()).toBe(true)
    await lease.release()
    expect(existsSync(path)).toBe(false)
  })

  it('is given back when the work fails', async () => {
    const path = inFolder('fails.lease')
    await expect(withLease(path, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(path)).toBe(false)
  })

  it('of a killed process is taken over at once, and of a living one waited for', async () => {
    const path = inFolder('killed.lease')
    const { child, done, ready } = hold(path)
    await ready
    const wait = waited(path)
    await setTimeout(400)
    child.kill('SIGKILL')
    await done
    const { told, ms } = await wait
    expect(told).toEqual([`${path}: held by process ${child.pid}; waiting for it`])
    expect(ms).toBeLessThan(10_000)
  })

  it.runIf(process.platform === 'linux')(
    'of a process number that lives again is taken over at once',
    async () => {
      const path = inFolder('again.lease')
      await forge(path, { process: process.pid, began: '1' })
      expect(await waited(path)).toMatchObject({ told: [] })
    },
  )

  it('of another machine is waited for while there are signs of life, and then taken over', async () => {
    const path = inFolder('other.lease')
    await forge(path, { host: 'elsewhere', space: 'elsewhere', process: 1 })
    const beat = setInterval(() => writeFileSync(path, readFileSync(path)), 100)
    const wait = waited(path, { silenceMs: 1000 })
    await setTimeout(1800)
    clearInterval(beat)
    const { told, ms } = await wait
    expect(told).toEqual([`${path}: held by process 1 on elsewhere; waiting for it`])
    expect(ms).toBeGreaterThan(2500)
  })

  it.each([
    ['long ago', -3600],
    ['by a clock an hour ahead', 3600],
  ])('left by another machine %s is taken over at once', async (_, seconds) => {
    const path = inFolder('old.lease')
    await forge(path, { host: 'elsewhere', space: 'elsewhere' })
    const time = Date.now() / 1000 + seconds
    utimesSync(path, time, time)
    expect(await waited(path)).toMatchObject({ told: [] })
  })

  it('gives signs of life that another machine would see', async () => {
    const path = inFolder('beats.lease')
    const lease = await takeLease(path, { beatMs: 50 })
    utimesSync(path, 1, 1)
    await setTimeout(400)
    expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(1000)
    expect(await lease.isHeld()).toBe(true)
    await lease.release()
  })

  it('that names nobody, or is damaged, counts as silent only after a while', async () => {
    const path = inFolder('empty.lease')
    writeFileSync(path, '')
    const { told, ms } = await waited(path, { silenceMs: 500 })
    expect(told).toEqual([`${path}: held by another process; waiting for it`])
    expect(ms).toBeGreaterThan(400)
  })

  it('says that its folder cannot be written, and outlives the removal of its folder', async () => {
    writeFileSync(inFolder('file'), '')
    await expect(takeLease(inFolder('file', 'x.lease'))).rejects.toThrow(/x\.lease/)
    mkdirSync(inFolder('gone'))
    const lease = await takeLease(inFolder('gone', 'x.lease'))
    rmSync(inFolder('gone'), { recursive: true })
    expect(await lease.isHeld()).toBe(false)
    await lease.release()
  })

  it('excludes: eight processes, one of them killed again and again, count together and lose nothing', async () => {
    const [path, counter] = [inFolder('count.lease'), inFolder('counter')]
    writeFileSync(counter, '0')
    const count = `
      import { readFileSync, writeFileSync } from 'node:fs'
      for (let i = 0; i < 25; i++) await withLease(${JSON.stringify(path)}, {}, async () => {
        const value = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'))
        await new Promise((resolve) => setTimeout(resolve, 2 * Math.random()))
        writeFileSync(${JSON.stringify(counter)}, String(value + 1))
      })`
    const counting = Array.from({ length: 7 }, () => start(count).done)
    let isOver = false
    const killing = (async () => {
      while (!isOver) {
        const { child, done, ready } = hold(path)
        await Promise.race([ready, setTimeout(3000)])
        child.kill('SIGKILL')
        await done
      }
    })()
    expect(await Promise.all(counting)).toEqual(Array(7).fill(0))
    isOver = true
    await killing
    expect(readFileSync(counter, 'utf8')).toBe(String(7 * 25))
    await (await takeLease(path)).release()
    expect(readdirSync(inFolder()).filter((name) => name.startsWith('count.lease'))).toEqual([])
  }, 120_000)
})
