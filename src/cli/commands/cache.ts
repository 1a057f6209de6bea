// eosin cache: what the cache of studies holds, whether it is as it was written, and removing from it.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { clipText, parseDecimal, UsageError } from '../../base/index.ts'
import type { CacheInputs, Inventory, Pruned, Stored, StoredEntry, Verified } from '../../tasks/index.ts'
import { addExamples, deviceOption, dryRunOption, jsonOption, printResult } from '../command.ts'
import { clearLine, formatCount, formatSeconds, formatTable, showProgress } from '../terminal.ts'
import { cacheOf } from './study.ts'

interface CacheOptions {
  readonly out: string
  readonly cache?: string
  readonly json?: boolean
  readonly dryRun?: boolean
}

interface PruneCommandOptions extends CacheOptions {
  readonly olderThan?: number
  readonly keep?: readonly string[]
  readonly stage?: readonly string[]
  readonly device: string
}

// The folders of a cache that hold entries.
const stages = ['patches', 'quality', 'stain', 'pixels', 'embed', 'classify', 'evaluate']

export function addCache(program: Command): void {
  const cache = program.command('cache').description('what studies keep: list, verify and prune it')
  const list = addPlace(cache.command('list'))
    .description('list the entries by stage, with size, last use, cost and what made them')
    .addOption(jsonOption())
    .action(runList)
  addExamples(list, 'eosin cache list', 'eosin cache list --out runs --json')
  const verify = addPlace(cache.command('verify'))
    .description('compare every file with what was written; damaged entries are removed, to be made anew')
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action(runVerify)
  addExamples(verify, 'eosin cache verify --dry-run')
  const prune = addPlace(cache.command('prune'))
    .description('remove what stopped processes left, and entries by age or by recipe; never what is in use')
    .option('--older-than <age>', 'only what was not used for so long, as 30d, 12h or 90m', age)
    .option(
      '--keep <recipe...>',
      'only what none of these recipes needs; folders stand for their .yaml files',
    )
    .addOption(new Option('--stage <stage...>', 'only what is of these stages').choices(stages))
    .addOption(deviceOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action(runPrune)
  addExamples(
    prune,
    'eosin cache prune --dry-run',
    'eosin cache prune --older-than 30d',
    'eosin cache prune --keep recipe.yaml --dry-run',
    'eosin cache prune --stage pixels',
  )
}

function addPlace(command: Command): Command {
  return command
    .option('--out <folder>', 'where run folders are', 'runs')
    .option('--cache <folder>', 'the cache (default: <out>/.cache)')
}

const minutes = { m: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 }

// `30d` in milliseconds, for commander.
function age(text: string): number {
  const [, number, unit] = /^(.*)([mhdw])$/.exec(text.trim()) ?? []
  const value = parseDecimal(number ?? '')
  if (value === undefined || value < 0) {
    throw new InvalidArgumentError('a number of minutes (m), hours (h), days (d) or weeks (w), as 30d')
  }
  return value * minutes[unit as keyof typeof minutes] * 60_000
}

async function runList(options: CacheOptions): Promise<void> {
  const { listCache } = await import('../../tasks/index.ts')
  printResult(options, await listCache(cacheOf(options)), describeInventory)
}

function describeInventory({ entries, unfinished, leftovers }: Inventory): string {
  const totals = groupByStage(entries).map(([stage, own]) => [
    stage,
    formatCount(own.length),
    formatBytes(sum(own)),
  ])
  const all = ['all', formatCount(entries.length), formatBytes(sum(entries))]
  return [
    formatTable(['stage', 'entry', 'size', 'used', 'cost', 'made from'], entries.map(describeEntry)),
    '',
    formatTable(['stage', 'entries', 'size'], [...totals, all]),
    ...(unfinished.length > 0 ? ['', `unfinished: ${describeStored(unfinished)}`] : []),
    ...(leftovers.length > 0 ? [`left by stopped processes: ${leftovers.length} files and folders`] : []),
  ].join('\n')
}

function describeEntry({ stage, key, bytes, used, seconds, inputs, held }: StoredEntry): string[] {
  const since = formatAge(Date.now() - Date.parse(used))
  const cost = seconds === null ? '-' : formatSeconds(seconds)
  return [stage, key, formatBytes(bytes), held ? 'in use' : since, cost, describeInputs(inputs)]
}

// Keys of other entries by their first digits, in one line.
function describeInputs(inputs: CacheInputs | null): string {
  if (!inputs) return '-'
  const { stage: _, version: __, ...made } = inputs
  const parts = Object.entries(made).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  const text = parts.join(', ').replaceAll(/"|([0-9a-f]{8})[0-9a-f]{24,}/g, '$1')
  return clipText(text.length > 100 ? `${text.slice(0, 99)}…` : text)
}

async function runVerify(options: CacheOptions): Promise<void> {
  const { verifyCache } = await import('../../tasks/index.ts')
  const root = cacheOf(options)
  const progress = showProgress(`verify   ${root}`)
  const verified = await verifyCache(root, { dryRun: options.dryRun, progress })
  clearLine()
  printResult(options, verified, describeVerified)
  if (verified.damaged.length > 0) process.exitCode = 1
}

function describeVerified({ checked, bytes, damaged, unsealed }: Verified): string {
  const what = `${formatCount(checked)} entries checked, ${formatBytes(bytes)}`
  const older = `${unsealed.length} of an older Eosin do not list their files: made anew when they are needed`
  return [
    ...damaged.map(({ damage: { path, expected, got }, removed }) =>
      clipText(
        `${path}: expected ${expected}, got ${got}; ${removed ? 'the entry was removed' : 'still there'}`,
      ),
    ),
    ...(unsealed.length > 0 ? [older] : []),
    `${what}; ${damaged.length} damaged`,
  ].join('\n')
}

async function runPrune(options: PruneCommandOptions): Promise<void> {
  const { pruneCache } = await import('../../tasks/index.ts')
  const { olderThan, keep, stage, dryRun } = options
  const pruned = await pruneCache(cacheOf(options), {
    ...(olderThan !== undefined && { unusedSince: Date.now() - olderThan }),
    ...(keep && { keep: await listNeeded(keep, options) }),
    ...(stage && { stages: stage }),
    dryRun,
  })
  printResult(options, pruned, (result) => describePruned(result, dryRun ?? false))
}

// Every entry that one of the recipes needs: what `study plan` lists.
async function listNeeded(paths: readonly string[], options: PruneCommandOptions): Promise<Set<string>> {
  const { planStudy } = await import('../../study/index.ts')
  const { readRecipe } = await import('../../recipe/index.ts')
  const needed = new Set<string>()
  for (const path of paths.flatMap(listRecipes)) {
    const progress = showProgress(`keep     ${path}`)
    const { steps } = await planStudy(await readRecipe(path), cacheOf(options), {
      device: options.device,
      progress,
    })
    clearLine()
    for (const { stage, key } of steps) needed.add(`${stage}/${key}`)
  }
  return needed
}

// A folder without any recipe would keep nothing.
function listRecipes(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
  const files = readdirSync(path).filter((name) => /\.ya?ml$/.test(name))
  if (files.length > 0) return files.map((name) => join(path, name))
  throw new UsageError({
    where: `--keep ${path}`,
    expected: 'a folder with recipes (.yaml)',
    got: 'none in it',
  })
}

function describePruned({ entries, unfinished, leftovers, held, bytes }: Pruned, dryRun: boolean): string {
  const rows = entries.map(describeEntry)
  const parts = [
    `${formatCount(entries.length)} entries`,
    `${formatCount(unfinished.length)} unfinished`,
    `${formatCount(leftovers.length)} leftovers`,
  ]
  return [
    ...(rows.length > 0
      ? [formatTable(['stage', 'entry', 'size', 'used', 'cost', 'made from'], rows), '']
      : []),
    ...(held.length > 0 ? [`kept, as a running process uses them: ${describeStored(held)}`] : []),
    `${dryRun ? 'would remove' : 'removed'} ${parts.join(', ')}: ${formatBytes(bytes)}`,
  ].join('\n')
}

function groupByStage(items: readonly Stored[]): [string, readonly Stored[]][] {
  const stages = [...new Set(items.map(({ stage }) => stage))]
  return stages.map((stage) => [stage, items.filter((item) => item.stage === stage)])
}

const sum = (items: readonly Stored[]) => items.reduce((total, { bytes }) => total + bytes, 0)

function describeStored(items: readonly Stored[]): string {
  const stages = groupByStage(items).map(([stage, own]) => `${own.length} of ${stage}`)
  return `${stages.join(', ')}, ${formatBytes(sum(items))}`
}

function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const steps = ['kB', 'MB', 'GB', 'TB']
  const step = Math.min(steps.length, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** step).toFixed(1)} ${steps[step - 1]}`
}

function formatAge(milliseconds: number): string {
  const since = Math.max(0, milliseconds / 60_000)
  if (since < 60) return `${Math.floor(since)} min ago`
  if (since < 2 * minutes.d) return `${Math.floor(since / minutes.h)} h ago`
  return `${Math.floor(since / minutes.d)} d ago`
}
