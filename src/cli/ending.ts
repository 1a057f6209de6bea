// How a command ends other than by its own end: a signal, a reader that has gone, output that cannot be written, an
// error that nobody caught.

import { constants } from 'node:os'
import { describeCause, type EosinError, fullDiskHint } from '../base/index.ts'
import { clearLine, say } from './terminal.ts'

/** What the ending asks of the command line. */
export interface EndingHooks {
  /** Prints an error and returns the exit code. */
  report(error: unknown): number
  /** Whether the command in work goes on where it was when it is called again. */
  canGoOn(): boolean
}

/**
 * Watches for all of these. Signals end with 128 + their number (130 for SIGINT, 143 for SIGTERM), a closed pipe quietly
 * with what the command would have ended with, output that cannot be written with 1.
 */
export function watchEnding({ report, canGoOn }: EndingHooks): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      clearLine()
      say(
        `eosin: stopped; ${canGoOn() ? 'call it again and it goes on from here' : 'nothing was left half-written'}`,
      )
      process.exit(128 + constants.signals[signal])
    })
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(Number(process.exitCode ?? 0)) // the reader, e.g. head, has seen enough
    say(`eosin: stdout: got ${describeCause(error)}`)
    process.exit(1)
  })
  process.stderr.on('error', () => {}) // nowhere left to say anything
  process.on('uncaughtException', (error) => process.exit(report(error)))
}

/** An error as it is printed; on a full disk, a command that goes on where it was says that it will. */
export function describeFailure({ message, parts }: EosinError, canGoOn: boolean): string {
  return canGoOn && parts.hint === fullDiskHint ? `${message}, finished work is kept` : message
}
