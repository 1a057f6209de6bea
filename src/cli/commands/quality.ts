// eosin quality: which patches the filter rejects, by which rule and with what value.

import type { Command } from 'commander'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  jsonOption,
  overwriteOption,
  printResult,
  type SetOptions,
} from '../command.ts'
import { claimFiles } from '../outFile.ts'
import { clearLine, formatCount, formatTable, showProgress, yellow } from '../terminal.ts'

interface QualityCommandOptions extends CommonOptions, SetOptions {
  readonly set: readonly string[]
}

export function addQuality(program: Command): void {
  const quality = program
    .command('quality')
    .argument('<path>', 'a patch set')
    .description(
      'find aberrant patches: black, white or blank, constant, contradicting labels, exact duplicates',
    )
    .option('--set <key=value...>', 'change an option of a rule, as under quality in a recipe', [])
    .option('--out <file.csv>', 'write one row a rejected patch')
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runQuality)
  addExamples(
    addSetOptions(quality),
    'eosin quality train.h5',
    'eosin quality train.h5 --set duplicate=null white.share=0.9 --out rejected.csv',
  )
}

async function runQuality(path: string, options: QualityCommandOptions): Promise<void> {
  await claimFiles([options.out], options.overwrite, () => filter(path, options))
}

async function filter(path: string, options: QualityCommandOptions): Promise<void> {
  const { openPatchSet } = await import('../../patches/index.ts')
  const { countByRule, describeContradictions, filterPatches, qualityDefaults, qualityRules } = await import(
    '../../quality/index.ts'
  )
  const { completeOptions, parseAssignments } = await import('../../recipe/index.ts')
  const { writeFileAtomic } = await import('../../files/index.ts')
  const { writeCsvBlocks } = await import('../../formats/index.ts')
  const choices = { defaults: qualityDefaults, rules: qualityRules }
  const rules = completeOptions('--set', choices, parseAssignments(options.set))
  const set = await openPatchSet(path, options)
  try {
    const { kept, rejections } = await filterPatches(set, rules, showProgress(`quality  ${path}`))
    clearLine()
    if (options.out) {
      const column = <K extends 'id' | 'rule' | 'value'>(key: K) =>
        rejections.map((rejection) => rejection[key])
      await writeFileAtomic(
        options.out,
        writeCsvBlocks({ id: column('id'), rule: column('rule'), value: column('value') }),
      )
    }
    const byRule = countByRule({ kept, rejections })
    printResult(options, { count: set.count, kept: kept.length, byRule, rejections }, () =>
      [
        formatTable(
          ['rule', 'rejected'],
          Object.entries(byRule).map(([rule, count]) => [rule, formatCount(count)]),
        ),
        `${formatCount(kept.length)} of ${formatCount(set.count)} patches kept`,
        ...describeContradictions(rejections).map(yellow),
      ].join('\n'),
    )
  } finally {
    await set.close()
  }
}
