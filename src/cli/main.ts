#!/usr/bin/env node
// The command line. The only place that prints an error or decides how the process exits.

import { CommanderError } from 'commander'
import { describeCause, EosinError, systemCode } from '../base/index.ts'
import { buildProgram } from './program.ts'
import { clearLine, dim, red, say } from './terminal.ts'

async function main(): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0) // the reader, e.g. head, has seen enough
  })
  try {
    await buildProgram().parseAsync()
  } catch (error) {
    process.exitCode = report(error)
  }
}

// Returns the exit code: 2 for what the user can mend on the command line or in the recipe, else 1.
function report(error: unknown): number {
  clearLine()
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof EosinError) {
    say(`${red('eosin:')} ${error.message}`)
    return error.exitCode
  }
  if (systemCode(error) !== undefined) {
    say(`${red('eosin:')} ${(error as NodeJS.ErrnoException).path ?? 'system'}: got ${describeCause(error)}`)
    return 1
  }
  say(`${red('eosin:')} ${describeCause(error).slice(0, 1000)}`)
  say(dim('This is a defect of Eosin: please report it with the lines below.'))
  say(dim(String((error as Error).stack)))
  return 1
}

await main()
