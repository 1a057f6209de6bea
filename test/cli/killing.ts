// Killing a command at a chosen moment, and telling whether two folders are the same bytes.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { startCli } from './runCli.ts'

// What differs from run to run by nature: times, and the log and report that show them.
const timed = ['timings.json', 'forecast.json', 'cost.json', 'log.jsonl', 'report.html', 'lock']

/** The sha256 of every file of a folder whose bytes do not tell the time, by path. */
export function hashRun(run: string): Record<string, string> {
  const files = readdirSync(run, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    files
      .filter((file) => !timed.includes(basename(file)) && statSync(join(run, file)).isFile())
      .map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(join(run, file)))
          .digest('hex'),
      ]),
  )
}

/**
 * Runs `eosin ...args` and kills it as soon as an entry of a stage's cache folder is in work and `isReached` holds of
 * it; tells whether it was caught there.
 */
export function killDuring(
  args: readonly string[],
  stageFolder: string,
  isReached: (workFolder: string) => boolean = () => true,
): Promise<boolean> {
  const listWork = () =>
    existsSync(stageFolder) ? readdirSync(stageFolder).filter((name) => name.endsWith('.work')) : []
  return killWhen(args, () => listWork().some((name) => isReached(join(stageFolder, name))))
}

/** Runs `eosin ...args` and kills it as soon as `isReached`; tells whether it was still running. */
export async function killWhen(args: readonly string[], isReached: () => boolean): Promise<boolean> {
  const { child, done } = startCli(args)
  let caught = false
  const timer = setInterval(() => {
    if (!isReached()) return
    caught = child.kill('SIGKILL')
    clearInterval(timer)
  }, 1)
  const { code } = await done
  clearInterval(timer)
  return caught && code === null
}
