// Runs the built command line as a user would: a process of its own, its exit code and what it printed.

import { type ChildProcess, spawn } from 'node:child_process'

/** How a command ended. `code` is null where a signal ended it. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `eosin ...args`; the caller may kill it. */
export function startCli(
  args: readonly string[],
  cwd = process.cwd(),
): { child: ChildProcess; done: Promise<CliResult> } {
  const child = spawn(process.execPath, [`${process.cwd()}/dist/cli/main.js`, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (text) => (stdout += text))
  child.stderr!.on('data', (text) => (stderr += text))
  const done = new Promise<CliResult>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  )
  return { child, done }
}

/** Runs `eosin ...args` to its end. */
export function runCli(args: readonly string[], cwd?: string): Promise<CliResult> {
  return startCli(args, cwd).done
}
