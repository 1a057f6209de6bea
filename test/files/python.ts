// Debian's Python as a second opinion on files: what it reads was written right. Absent, such tests are skipped.

import { spawnSync } from 'node:child_process'

const python = '/usr/bin/python3'

/** Whether Python and a module of it are installed. */
export function hasPython(module: string): boolean {
  return spawnSync(python, ['-c', `import ${module}`]).status === 0
}

/** Runs a script and returns what it prints. Throws with its error where it fails. */
export function runPython(script: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ['-c', script, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim()
}
