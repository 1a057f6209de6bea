// Runs damaged files through a format's reader in processes of their own, with bounds on time and memory: whatever is
// neither values nor a clean error is a fault, and named by its number, by which it can be had again.

import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Answer, Task } from './child.ts'

/** What is fuzzed. */
export interface FuzzOptions {
  readonly format: string
  readonly seed: number
  readonly first?: number
  readonly cases: number
  /** Seconds that a case may take. */
  readonly seconds?: number
  /** MB of memory that the process may come to. */
  readonly memory?: number
}

/** What came of it. */
export interface FuzzResult {
  readonly format: string
  readonly values: number
  readonly errors: number
  readonly faults: readonly { readonly number: number; readonly problem: string }[]
}

/** Fuzzes one format. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { format, seed, first = 0, cases, seconds = 20, memory = 600 } = options
  const folder = mkdtempSync(join(tmpdir(), 'eosin-fuzz-'))
  const counts = { values: 0, errors: 0 }
  const faults: { number: number; problem: string }[] = []
  try {
    for (let next = first; next < first + cases; ) {
      const task = { format, folder, seed, first: next, end: first + cases, memory }
      const death = await runChild(task, seconds, ({ number, outcome, problem = '' }) => {
        next = number + 1
        if (outcome === 'fault') faults.push({ number, problem })
        else counts[outcome === 'values' ? 'values' : 'errors']++
      })
      if (death === undefined) continue
      const atWork = join(folder, 'case')
      const number = existsSync(atWork) ? Math.max(next, Number(readFileSync(atWork, 'utf8'))) : next
      faults.push({ number, problem: death })
      next = number + 1
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { format, ...counts, faults }
}

const child = fileURLToPath(new URL('child.ts', import.meta.url))

// How the process died, if it did not come to its end.
function runChild(task: Task, seconds: number, take: (answer: Answer) => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    const execArgv = ['--import', 'tsx', '--max-old-space-size=512']
    const running = fork(child, { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let said = ''
    let isHanging = false
    let last = Date.now() + 60_000 // it has to start first
    const watch = setInterval(() => {
      if (Date.now() - last < 1000 * seconds) return
      isHanging = true
      running.kill('SIGKILL')
    }, 500)
    running.stderr!.on('data', (text: Buffer) => {
      said = (said + text).slice(-2000)
    })
    running.on('message', (answer: Answer) => {
      last = Date.now()
      take(answer)
    })
    running.on('exit', (code, signal) => {
      clearInterval(watch)
      if (isHanging) resolve(`took longer than ${seconds} s`)
      else resolve(code === 0 ? undefined : `the process died (${signal ?? code}): ${said}`)
    })
    running.send(task)
  })
}
