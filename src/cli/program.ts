// The program: all commands of `eosin`, each in its own file.

import type { Command } from 'commander'
import { addCache } from './commands/cache.ts'
import { addClassify } from './commands/classify.ts'
import { addCompletion } from './commands/completion.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEmbed } from './commands/embed.ts'
import { addEvaluate } from './commands/evaluate.ts'
import { addExport } from './commands/export.ts'
import { addPatches } from './commands/patches.ts'
import { addPredict } from './commands/predict.ts'
import { addQuality } from './commands/quality.ts'
import { addReport } from './commands/report.ts'
import { addServe } from './commands/serve.ts'
import { addStain } from './commands/stain.ts'
import { addStudy } from './commands/study.ts'
import { addSubmission } from './commands/submission.ts'
import { addTask } from './commands/task.ts'
import { addWeights } from './commands/weights.ts'
import { EosinCommand } from './usage.ts'
import { readOwnVersion } from './version.ts'

/** Builds the program with all its commands; nothing heavy is loaded before a command runs. */
export function buildProgram(): Command {
  const program = new EosinCommand('eosin')
    .description(
      'From H&E patches of several hospitals to a tumour call that holds on a hospital it has never seen.',
    )
    .version(readOwnVersion())
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
    addServe,
    addStudy,
    addTask,
    addCache,
    addPredict,
    addExport,
    addSubmission,
    addWeights,
    addDoctor,
    addCompletion,
  ]) {
    add(program)
  }
  return program
}
