// Whether a device computes: a tiny graph is run on it in a child process, since a driver may end or hang the process
// that it is loaded into, and its values are compared with what they must be.

import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { describeCause, EngineError } from '../base/index.ts'
import { listProviders } from './node.ts'
import { type ProviderChoice, type ProviderName, providers } from './providers.ts'
import { compiledPath } from './workers.ts'

/** What became of a trial. */
export interface DeviceTrial {
  readonly provider: ProviderName
  /** `works`: the values were right; `absent`: not in this build or machine; `fails`: there, but of no use. */
  readonly outcome: 'works' | 'absent' | 'fails'
  /** In words: what was computed where, or what is missing. */
  readonly detail: string
}

/** What the child process says, as JSON on one line of stdout. */
export interface TrialReport {
  /** Nodes of the graph by the provider that computed them, e.g. `WebGpuExecutionProvider`. */
  readonly placed: Readonly<Record<string, number>>
  readonly areRight: boolean
  readonly milliseconds: number
  /** Why there was no result. */
  readonly error?: string
}

const runtimeNames: Readonly<Record<ProviderName, string>> = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
}

/** Tries a provider, for at most `seconds`. Never throws. */
export async function tryProvider(provider: ProviderName, seconds = 60): Promise<DeviceTrial> {
  const { about, hint } = providers[provider]
  const absent = { provider, outcome: 'absent' } as const
  if (!listProviders().includes(provider)) return { ...absent, detail: `not in this build: ${hint}` }
  const fails = (detail: string) => ({ provider, outcome: 'fails', detail }) as const
  const { report, ending } = await runChild(provider, seconds)
  if (!report) return fails(`${ending}; ${hint}`)
  if (report.error) return { ...absent, detail: `not usable on this machine: ${report.error}; ${hint}` }
  const nodes = Object.values(report.placed).reduce((sum, count) => sum + count, 0)
  const own = report.placed[runtimeNames[provider]] ?? 0
  if (!report.areRight) return fails('it computes wrong values')
  if (own < nodes || nodes === 0) return fails(`it computed ${own} of ${nodes} steps, the processor the rest`)
  const detail = `${about}; computed there (${own} of ${nodes} steps), values right, ${report.milliseconds} ms`
  return { provider, outcome: 'works', detail: `${detail}${describeDriver(provider)}` }
}

/** Throws EngineError unless the device that a choice names is there and computes; `auto` and `cpu` always do. */
export async function requireProvider(choice: ProviderChoice): Promise<void> {
  if (choice === 'auto' || choice === 'cpu') return
  const { outcome, detail } = await tryProvider(choice)
  if (outcome !== 'works')
    throw new EngineError({ where: `--device ${choice}`, expected: providers[choice].about, got: detail })
}

// ONNX Runtime does not tell the adapter's name; which driver was asked for is known where a variable says so.
function describeDriver(provider: ProviderName): string {
  const file = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES
  if (provider !== 'webgpu' || !file) return ''
  const isSoftware = /swiftshader|lvp|llvmpipe/i.test(file)
  return ` (driver ${basename(file)}${isSoftware ? ': software, on the processor' : ''})`
}

async function runChild(
  provider: ProviderName,
  seconds: number,
): Promise<{ report?: TrialReport; ending: string }> {
  const path = compiledPath(new URL('./trialChild.ts', import.meta.url))
  const child = spawn(process.execPath, [path, provider], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let log = ''
  child.stdout.on('data', (text) => (said += text))
  child.stderr.on('data', (text) => (log += text))
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, seconds * 1000)
  const ending = await new Promise<string>((resolve) => {
    child.on('error', (cause) => resolve(describeCause(cause)))
    child.on('close', (code, signal) => {
      if (isLate) resolve(`no answer within ${seconds} s`)
      else resolve(signal ? `its driver ended the process (${signal})` : `its process ended with ${code}`)
    })
  })
  clearTimeout(timer)
  return { report: isLate ? undefined : readReport(said, log), ending }
}

// The report, with where the runtime's log says that nodes were placed.
function readReport(said: string, log: string): TrialReport | undefined {
  const line = said.split('\n').find((candidate) => candidate.startsWith('{"'))
  if (!line) return undefined
  const placed: Record<string, number> = {}
  for (const [, name, count] of log.matchAll(/placed on \[(\w+)\]\. Number of nodes: (\d+)/g))
    placed[name] = (placed[name] ?? 0) + Number(count)
  return { ...(JSON.parse(line) as TrialReport), placed }
}
