#!/usr/bin/env node
// The command line. The only place that prints an error or decides how the process exits.

import { Command, CommanderError } from 'commander'
import { EosinError } from '../base/index.ts'
import { addClassify } from './commands/classify.ts'
import { addCompletion } from './commands/completion.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEmbed } from './commands/embed.ts'
import { addEvaluate } from './commands/evaluate.ts'
import { addPatches } from './commands/patches.ts'
import { addPredict } from './commands/predict.ts'
import { addQuality } from './commands/quality.ts'
import { addReport } from './commands/report.ts'
import { addStain } from './commands/stain.ts'
import { addStudy } from './commands/study.ts'
import { addSubmission } from './commands/submission.ts'
import { clearLine, dim, red, say } from './terminal.ts'
import { readOwnVersion } from './version.ts'

/** Builds the program with all its commands; nothing heavy is loaded before a command runs. */
export function buildProgram(): Command {
  const program = new Command('eosin')
    .description(
      'From H&E patches of several hospitals to a tumour call that holds on a hospital it has never seen.',
    )
    .version(readOwnVersion())
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
  for (const add of [
    addDemo,
    addPatches,
    addQuality,
    addStain,
    addEmbed,
    addClassify,
    addEvaluate,
    addReport,
    addStudy,
    addPredict,
    addSubmission,
    addDoctor,
    addCompletion,
  ]) {
    add(program)
  }
  return program
}

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
  say(`${red('eosin:')} ${(error as Error).message ?? error}`)
  say(dim('This is a defect of Eosin: please report it with the lines below.'))
  say(dim(String((error as Error).stack)))
  return 1
}

await main()
