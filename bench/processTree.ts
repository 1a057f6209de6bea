// A command timed from start to end, with the memory of all its processes. Linux only: elsewhere memory is not known.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What a command and the processes that it started took. */
export interface TreeRun {
  readonly seconds: number
  /** The highest sum of their resident memory that was seen, MB; pages that they share count in each. 0 where not known. */
  readonly peakRssMb: number
  readonly stdout: string
}

/** Runs a command; its memory is looked at five times a second. Throws with what it said where it fails. */
export function runTree(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<TreeRun> {
  const started = performance.now()
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (said.stderr += text))
  let peakRssMb = 0
  const timer = setInterval(() => {
    peakRssMb = Math.max(peakRssMb, measureTree(child.pid!))
  }, 200)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(timer)
      const seconds = (performance.now() - started) / 1000
      if (code === 0) resolve({ seconds, peakRssMb, stdout: said.stdout })
      else reject(new Error(`${command} ${args.join(' ')}: ${said.stderr.slice(-4000)}`))
    })
  })
}

/** Resident memory of a process and of all below it, MB; 0 where the kernel shows none. */
export function measureTree(root: number): number {
  const children = new Map<number, number[]>()
  const rss = new Map<number, number>()
  for (const pid of listProcesses()) {
    const status = readStatus(pid)
    if (!status) continue
    rss.set(pid, status.rss)
    children.set(status.parent, [...(children.get(status.parent) ?? []), pid])
  }
  const sum = (pid: number): number =>
    (rss.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0)
  return sum(root)
}

function listProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

// undefined where the process has just ended.
function readStatus(pid: number): { readonly parent: number; readonly rss: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const numberOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
    return { parent: numberOf('PPid'), rss: numberOf('VmRSS') / 1024 }
  } catch {
    return undefined
  }
}
