// What all commands share: the options that mean the same everywhere, and how a result is printed.

import { existsSync, statSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDecimal, UsageError } from '../base/index.ts'

/** Options common to most commands, as commander parses them. */
export interface CommonOptions {
  readonly json?: boolean
  readonly seed?: number
  readonly device: string
  readonly out?: string
  readonly overwrite?: boolean
  readonly dryRun?: boolean
}

/** A whole number from `least` up, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = parseDecimal(text)
    if (value === undefined || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`a whole number from ${least} up.`)
    return value
  }
}

/** A number between 0 and 1, for commander. */
export function share(text: string): number {
  const value = parseDecimal(text)
  if (value === undefined || value < 0 || value > 1)
    throw new InvalidArgumentError('a number between 0 and 1.')
  return value
}

export const jsonOption = () => new Option('--json', 'print the result as JSON on stdout')
export const seedOption = () =>
  new Option('--seed <n>', 'decides every random choice').argParser(wholeNumber(0))
export const deviceOption = () =>
  new Option('--device <name>', 'where networks run')
    .choices(['auto', 'cpu', 'cuda', 'webgpu'])
    .default('auto')
    .env('EOSIN_DEVICE')
export const overwriteOption = () => new Option('--overwrite', 'replace what is there')
export const dryRunOption = () => new Option('--dry-run', 'say what would be done and stop')
export const formatOption = () =>
  new Option('--format <name>', 'read PATH as this format instead of detecting it')
export const partOption = () =>
  new Option('--part <name>', 'the part of a format that holds several (train, val, test ...)')

const resumable = new WeakSet<Command>()

/** Marks a command that goes on where it was when it is called again after it was stopped. */
export function markResumable(command: Command): Command {
  resumable.add(command)
  return command
}

/** Whether the command is marked so. */
export function isResumable(command: Command): boolean {
  return resumable.has(command)
}

/** Adds an `Examples:` section to a command's help. */
export function addExamples(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`,
  )
}

/** Prints a result: JSON where asked for, else the text that `describe` makes of it. */
export function printResult<T>(
  options: { json?: boolean },
  result: T,
  describe: (result: T) => string,
): void {
  process.stdout.write(`${options.json ? JSON.stringify(result, null, 2) : describe(result)}\n`)
}

/** Throws UsageError where `path` is there and may not be replaced. */
export function refuseOverwrite(path: string, overwrite: boolean | undefined): void {
  if (overwrite || !existsSync(path)) return
  const kind = statSync(path).isDirectory() ? 'a folder' : 'a file'
  throw new UsageError({
    where: path,
    got: `${kind} that is there already`,
    hint: 'give --overwrite or another --out',
  })
}
