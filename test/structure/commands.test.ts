// Holds the commands of the pages to the command line: in every shell block the command, its options and the names that are
// their values exist; so do the command and the options of a command in a sentence.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { adaptMethods } from '../../src/adapt/index.ts'
import { pickNamed } from '../../src/base/index.ts'
import { headMethods, headPresets } from '../../src/classify/index.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { extractors } from '../../src/embed/index.ts'
import { readers } from '../../src/patches/index.ts'
import { qualityDefaults, qualityRules } from '../../src/quality/index.ts'
import { completeMethod, type PlainOptions, parseAssignments } from '../../src/recipe/index.ts'
import { stainMethods } from '../../src/stain/index.ts'
import { catalog, splitModelName } from '../../src/weights/index.ts'

const pages = [
  ...readdirSync('.').filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md'), // which names what is gone
  ...['docs', 'bench', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  ),
]
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const program = buildProgram()

// Words of a line as a shell has them: comments are left out, quoted blanks stay.
function splitLine(line: string): string[] {
  const words = line.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g)
  const all = Array.from(words, ([word]) => word)
  const comment = all.findIndex((word) => word.startsWith('#'))
  return all.slice(0, comment < 0 ? all.length : comment).map((word) => word.replaceAll(/['"]/g, ''))
}

// The commands of a line, without `npx` and variables of the environment before them.
function splitCommands(line: string): string[][] {
  const commands: string[][] = [[]]
  for (const word of splitLine(line)) {
    if (/^(&&|\|\|?|;)$/.test(word)) commands.push([])
    else if (commands.at(-1)!.length > 0 || !/^(npx$|[A-Z_]+=)/.test(word)) commands.at(-1)!.push(word)
  }
  return commands.filter(({ length }) => length > 0)
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

// Parses a command and does nothing; gives the command that would run. Throws what it would say of an option that is not.
async function parse(words: readonly string[]): Promise<Command> {
  const parsed = buildProgram()
  let reached: Command | undefined
  for (const leaf of leavesOf(parsed)) {
    leaf.exitOverride()
    leaf.action(() => {
      reached = leaf
    })
  }
  await parsed.parseAsync(words, { from: 'user' })
  return reached!
}

type Methods = Readonly<Record<string, Parameters<typeof completeMethod>[1]>>
const stains = stainMethods as unknown as Methods
const heads = Object.fromEntries(
  Object.entries(headMethods).map(([name, method]) => [
    name,
    { ...method, presets: headPresets[name as 'mlp'] },
  ]),
) as unknown as Methods

// What the command would refuse once it runs: names, presets, and options of methods.
const checks: Readonly<Record<string, (value: never, given: PlainOptions) => void>> = {
  '--format': (name: string) => pickNamed('--format', readers, name),
  '--adapt': (names: string[]) => names.forEach((name) => void pickNamed('--adapt', adaptMethods, name)),
  '--methods': (names: string[]) => names.forEach((name) => void pickNamed('--methods', stains, name)),
  '--method': (name: string, given) => completeNamed(stains, name, given),
  '--head': (names: string[], given) => {
    for (const name of names) {
      const [head, preset] = name.split(':')
      completeNamed(heads, head, { preset, ...given })
    }
  },
  '--extractor': (name: string, given) =>
    completeNamed(extractors as unknown as Methods, splitModelName(name).family, given),
}

function completeNamed(methods: Methods, name: string, { preset, set }: PlainOptions): void {
  const given = parseAssignments((set as string[]) ?? [])
  completeMethod('--set', pickNamed('method', methods, name), preset as string | undefined, given)
}

function checkValues(command: Command): void {
  const given = command.opts<PlainOptions>()
  for (const option of command.options) {
    const value = given[option.attributeName()]
    if (value !== undefined) checks[option.long!]?.(value as never, given)
  }
  if (command.name() === 'quality')
    completeMethod(
      '--set',
      { defaults: qualityDefaults, rules: qualityRules } as never,
      undefined,
      parseAssignments(given.set as string[]),
    )
  if (command.parent?.name() === 'weights' && command.args.length > 0 && given.card === undefined)
    pickNamed('model', catalog, command.args[0])
  for (const path of command.args.filter((word) => /^recipes\//.test(word)))
    expect(existsSync(path), path).toBe(true)
}

const { stderr: benchList } = spawnSync('node_modules/.bin/tsx', ['bench/main.ts', 'no-such-case'], {
  encoding: 'utf8',
})
const benchCases = new Set(Array.from(benchList.matchAll(/^ {2}(\S+) /gm), ([, name]) => name))

function checkScript([name, ...rest]: readonly string[]): void {
  pickNamed('npm run', scripts, name)
  const after = rest.includes('--') ? rest.slice(rest.indexOf('--') + 1) : []
  const until = after.findIndex((word) => word.startsWith('-'))
  const cases = after.slice(0, until < 0 ? after.length : until).filter((word) => /^[a-z]/.test(word))
  if (name === 'bench') expect(cases.filter((word) => !benchCases.has(word))).toEqual([])
}

async function checkCommand(words: readonly string[]): Promise<void> {
  const [first, ...rest] = words
  if (first === 'eosin' && !rest.includes('--help')) checkValues(await parse(rest))
  else if (first === 'npm' && rest[0] === 'run')
    checkScript(rest.slice(1).filter((word) => word !== '--silent'))
  else {
    const file = ['tsx', 'node', 'sh', 'bash'].includes(first) ? rest[0] : first
    if (/^(bench|examples|scripts|\.ci)\//.test(file)) expect(existsSync(file), file).toBe(true)
  }
}

const blocks = pages.flatMap((page) =>
  Array.from(readFileSync(page, 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```/gm), ([, language, text]) => ({
    page,
    language,
    lines: text.replaceAll(/\\\n\s*/g, '').split('\n'),
  })),
)
const isShell = (language: string) => language === 'sh' || language === 'bash'
const lines = blocks
  .filter(({ language }) => isShell(language))
  .flatMap(({ page, lines }) => lines.map((line) => ({ page, line: line.trim() })))
  .filter(({ line }) => splitCommands(line).length > 0)

// `eosin stain compare --fits` in a sentence.
const spans = pages.flatMap((page) =>
  Array.from(
    readFileSync(page, 'utf8').matchAll(/`(?:npx )?(eosin|npm run) ([^`]+)`/g),
    ([, first, rest]) => ({
      page,
      line: `${first} ${rest.replaceAll(/\s+/g, ' ')}`,
    }),
  ),
)

function findCommand(words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    const next = command.commands.find((inner) => inner.name() === word)
    if (!next) break
    command = next
  }
  return command
}

describe('the shell blocks of the pages', () => {
  it('are many', () => {
    expect(lines.filter(({ line }) => line.includes('eosin ')).length).toBeGreaterThan(80)
    expect(benchCases.size).toBeGreaterThan(20)
  })

  it.each(pages)('%s has its commands in shell blocks', (page) => {
    const isCommand = (line: string) => /^ *(\$ )?(npx |[A-Z_]+=\S+ )?eosin [a-z]+ /.test(line)
    const text = readFileSync(page, 'utf8').replaceAll(/^```(sh|bash)\n[\s\S]*?^```/gm, '')
    expect(text.split('\n').filter(isCommand)).toEqual([])
  })

  it.each(lines)('$page: $line', async ({ line }) => {
    for (const command of splitCommands(line)) await checkCommand(command)
  })

  it('would not pass with what is not there', async () => {
    const wrong = [
      'npx eosin stain fit train.h5 --method macenco',
      'eosin stain fit train.h5 --method macenko --set alfa=1',
      'eosin embed train.h5 --extractor textures',
      'eosin embed train.h5 --view 8',
      'eosin embed train.h5 --device tpu',
      'eosin classify train --leave-out hospital',
      'eosin classify --train a --val b --head mlp --preset papers',
      'eosin classify x.npy --leave-out center --head mlp:papers',
      'eosin weights pull dinov4',
      'eosin patch info train.h5',
      'cp a b && eosin quality train.h5 --set blak=null',
      'npm run benches -- gemm',
      'npm run bench -- gem',
      'npx tsx scripts/none.ts',
    ]
    for (const line of wrong) {
      const check = async () => {
        for (const command of splitCommands(line)) await checkCommand(command)
      }
      await expect(check(), line).rejects.toThrow()
    }
  })
})

describe('the commands in sentences of the pages', () => {
  it.each(spans)('$page: $line', ({ line }) => {
    const [first, ...words] = splitLine(line)
    if (first === 'npm') return checkScript(words.slice(1))
    const command = findCommand(words)
    const [name] = words
    if (/^[a-z]/.test(name)) expect(command).not.toBe(program)
    const flags = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/[=.,].*$/, ''))
    const known = [...leavesOf(command), command].flatMap(({ options }) => options.map(({ long }) => long))
    expect(flags.filter((flag) => flag !== '--help' && !known.includes(flag))).toEqual([])
    if (command.commands.length > 0) expect(words.length).toBe(1)
  })
})
