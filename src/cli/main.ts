#!/usr/bin/env node
// The command line. The only place that prints an error or decides how the process exits; docs/errors.md has the rule.

import { CommanderError } from 'commander'
import { describeCause, EosinError, systemCode } from '../base/index.ts'
import { checkGiven } from './checkGiven.ts'
import { isResumable } from './command.ts'
import { describeFailure, watchEnding } from './ending.ts'
import { buildProgram } from './program.ts'
import { clearLine, dim, red, say } from './terminal.ts'

async function main(): Promise<void> {
  const program = buildProgram()
  let canGoOn = false
  program.hook('preAction', (_, command) => {
    canGoOn = isResumable(command)
    checkGiven(command)
  })
  const report = (error: unknown) => reportError(error, canGoOn)
  watchEnding({ report, canGoOn: () => canGoOn })
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = report(error)
  }
}

// Returns the exit code: 2 for what the user can mend on the command line or in the recipe, else 1.
function reportError(error: unknown, canGoOn: boolean): number {
  clearLine()
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof EosinError) {
    say(`${red('eosin:')} ${describeFailure(error, canGoOn)}`)
    return error.exitCode
  }
  const { path } = error as NodeJS.ErrnoException
  if (systemCode(error) !== undefined) {
    say(`${red('eosin:')} ${path ?? 'system'}: got ${describeCause(error)}`)
    return 1
  }
  say(`${red('eosin:')} ${describeCause(error).slice(0, 1000)}`)
  say(dim('This is a defect of Eosin: please report it with the lines below.'))
  say(dim(String((error as Error).stack).slice(0, 4000)))
  return 1
}

await main()
