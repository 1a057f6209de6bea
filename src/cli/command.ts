// What all commands share: the options that mean the same everywhere, and how a result is printed.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { normaliseName, parseDecimal } from '../base/index.ts'

/** Options common to most commands, as commander parses them. */
export interface CommonOptions {
  readonly json?: boolean
  readonly seed?: number
  readonly device: string
  readonly out?: string
  readonly overwrite?: boolean
  readonly dryRun?: boolean
}

/** A whole number from `least` to `most`, for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = parseDecimal(text)
    if (value === undefined || !Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most}`)
    return value
  }
}

/** A center's name as readers give it, for commander: `2.0` is `2`. */
export function centerName(text: string): string {
  return normaliseName(text) ?? text
}

/** A number from 0 to 1, for commander. */
export function share(text: string): number {
  const value = parseDecimal(text)
  if (value === undefined || value < 0 || value > 1) throw new InvalidArgumentError('a number from 0 to 1')
  return value
}

/** A number above 0 and below 1, for commander. */
export function partialShare(text: string): number {
  const value = parseDecimal(text)
  if (value === undefined || value <= 0 || value >= 1)
    throw new InvalidArgumentError('a number above 0 and below 1')
  return value
}

/** A number above 0, for commander. */
export function positiveNumber(text: string): number {
  const value = parseDecimal(text)
  if (value === undefined || !(value > 0)) throw new InvalidArgumentError('a number above 0')
  return value
}

export const jsonOption = () => new Option('--json', 'print the result as JSON on stdout')
export const seedOption = () =>
  new Option('--seed <n>', 'decides every random choice').argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
export const threadsOption = (about = 'worker threads (default: all cores)') =>
  new Option('--threads <n>', about).argParser(wholeNumber(1, 256))
export const jobsOption = () =>
  new Option('--jobs <n>', 'tasks at once, in processes of their own (default: one for each core)').argParser(
    wholeNumber(1, 256),
  )
export const maxHoursOption = () =>
  new Option('--max-hours <h>', 'end after so many hours; run again to go on').argParser(positiveNumber)
export const deviceOption = () =>
  new Option('--device <name>', 'where networks run')
    .choices(['auto', 'cpu', 'cuda', 'webgpu'])
    .default('auto')
    .env('EOSIN_DEVICE')
export const overwriteOption = () => new Option('--overwrite', 'replace what is there')
export const dryRunOption = () => new Option('--dry-run', 'say what would be done and stop')
/** How a patch set is opened, as `addSetOptions` lets a user say it. */
export interface SetOptions {
  readonly format?: string
  readonly part?: string
  readonly columns?: Readonly<Record<string, string>>
  readonly folders?: string
  readonly labelNames?: Readonly<Record<string, string>>
}

/** Adds the options of `SetOptions` to a command that opens patches. */
export function addSetOptions(command: Command): Command {
  return command
    .option('--format <name>', 'read PATH as this format instead of detecting it')
    .option('--part <name>', 'the part of a format that holds several (train, val, test ...)')
    .option(
      '--columns <name=column,...>',
      'what a CSV calls its columns: path=image,label=target',
      assignments,
    )
    .option('--folders <levels>', 'what the folders around pictures are: part/center/label')
    .option('--label-names <word=0|1,...>', 'more words for labels: stroma=0,carcinoma=1', assignments)
}

/** `a=b,c=d` as an object, for commander. */
export function assignments(text: string): Record<string, string> {
  const entries = text.split(',').map((pair) => {
    const [, key, value] = /^([^=]+)=(.+)$/.exec(pair.trim()) ?? []
    if (key === undefined) throw new InvalidArgumentError('pairs such as a=b,c=d')
    return [key.trim(), value.trim()] as const
  })
  return Object.fromEntries(entries)
}

const resumable = new WeakMap<Command, (options: object) => boolean>()

/** Marks a command that, with some of its options, goes on where it was when it is called again after it was stopped. */
export function markResumable(
  command: Command,
  isResumed: (options: object) => boolean = () => true,
): Command {
  resumable.set(command, isResumed)
  return command
}

/** Whether the command is marked so, as it was called. */
export function isResumable(command: Command): boolean {
  return resumable.get(command)?.(command.opts()) ?? false
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
