// eosin demo: the whole line on patches it makes itself, from the same files and recipe a user would write.

import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import {
  addExamples,
  type CommonOptions,
  jsonOption,
  markResumable,
  overwriteOption,
  printResult,
  seedOption,
  wholeNumber,
} from '../command.ts'
import { makeSynthetic } from '../makeSynthetic.ts'
import { refuseOverwrite } from '../outFile.ts'
import { formatCount, observeOnTerminal, say, sayNote } from '../terminal.ts'
import { serveWorkbench } from './serve.ts'
import { describeStudy } from './study.ts'

interface DemoOptions extends CommonOptions {
  readonly out: string
  readonly seed: number
  readonly patches: number
  readonly open?: boolean
}

export function addDemo(program: Command): void {
  const demo = program
    .command('demo')
    .description('make synthetic patches of five centers and run the whole line on them')
    .option('--out <folder>', 'where data, run and report go', 'eosin-demo')
    .option('--patches <n>', 'how many patches to make', wholeNumber(200, 10_000_000), 2400)
    .addOption(seedOption().default(0))
    .option('--open', 'then open the workbench on its run and data')
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runDemo)
  markResumable(demo)
  addExamples(demo, 'eosin demo', 'eosin demo --patches 10000 --out big-demo')
}

async function runDemo(options: DemoOptions): Promise<void> {
  const { out, seed, patches } = options
  const recipePath = join(out, 'recipe.yaml')
  if (existsSync(out) && !existsSync(recipePath)) refuseOverwrite(out, options.overwrite)
  if (existsSync(recipePath) && !readFileSync(recipePath, 'utf8').startsWith(recipeTitle))
    refuseOverwrite(recipePath, options.overwrite)
  const { writeFileAtomic } = await import('../../files/index.ts')
  const { fillFolder } = await import('../../tasks/index.ts')
  const { runStudy } = await import('../../study/index.ts')
  const { readRecipe } = await import('../../recipe/index.ts')
  const data = join(out, `data-${patches}-seed${seed}`)
  // First: it tells a demo that was stopped from another folder.
  await writeFileAtomic(recipePath, demoRecipe(`data-${patches}-seed${seed}`, seed))
  const counts = {
    train: Math.round(patches * 0.6),
    val: Math.round(patches * 0.2),
    test: Math.round(patches * 0.2),
  }
  await fillFolder(data, {
    isDone: () => existsSync(data),
    async fill(work) {
      say(`making ${formatCount(patches)} synthetic patches of five centers in ${data}`)
      await makeSynthetic(work, { seed, counts, testLabels: true })
    },
    onWait: sayNote,
  })
  const recipe = await readRecipe(recipePath)
  const observer = observeOnTerminal()
  const result = await runStudy(recipe, {
    out: join(out, 'runs'),
    cache: join(out, 'cache'),
    device: 'cpu',
    jobs: availableParallelism(),
    observer,
  })
  printResult(options, result, describeStudy)
  if (options.open)
    await serveWorkbench(join(out, 'runs'), { data: [out], cache: join(out, 'cache'), port: 0, open: true })
}

const recipeTitle = "# What 'eosin demo' runs."

function demoRecipe(data: string, seed: number): string {
  return `${recipeTitle} Repeat it with: eosin study run recipe.yaml --out runs --cache cache
name: demo
seed: ${seed}
seeds: 3
data:
  train: { path: ${data}/train.h5 }   # centers 0, 3, 4
  val: { path: ${data}/val.h5 }       # center 1
  test: { path: ${data}/test.h5 }     # center 2, never looked at before the end
stain: [none, grayscale, macenko]
embed: [texture]
classify: [mlp]
`
}
