// The command line as a user runs it, timed.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const cli = 'dist/cli/main.js'

/** What a command took from start to end, and what it printed. */
export interface CliRun {
  readonly seconds: number
  readonly stdout: string
}

/** Runs `eosin` from dist/ with more in its environment. Throws where it fails. */
export function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): CliRun {
  if (!existsSync(cli)) throw new Error(`${cli} is not there: npm run build`)
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`eosin ${args.join(' ')}: ${stderr}`)
  return { seconds: (performance.now() - start) / 1000, stdout }
}
