// Studies begun and ended from the pages. A study is a process of its own, `eosin study run`, that lives on when the server
// ends; the page finds it again by its run folder.

import { spawn } from 'node:child_process'
import { open, readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { hashBytes, makeFolder } from '../files/index.ts'
import { readRecipe } from '../recipe/index.ts'
import { readStudyFile } from '../runs/index.ts'
import { placeRun } from '../study/index.ts'
import { findHolder, findLocalHolder } from '../tasks/index.ts'
import type { RecipeEntry, StartedStudy, StudyOrder } from './api.ts'
import { type Given, requireGiven } from './given.ts'
import { outputFile, runFolderOf } from './listRuns.ts'
import { partsOf, RefusedError } from './refused.ts'

interface FoundRecipe extends RecipeEntry {
  /** Where it lies. */
  readonly file: string
}

/** The recipes (*.yaml) in the given folders and those below them, but for the copies in run folders. */
export async function listRecipes(given: Given): Promise<FoundRecipe[]> {
  const recipes = new Map<string, FoundRecipe>()
  for (const root of [...given.data, given.runs]) {
    for (const file of await findRecipes(resolve(root), root === given.runs ? 0 : 2, given)) {
      const id = hashBytes(file).slice(0, 16)
      if (recipes.has(id)) continue
      const path = join(root, relative(resolve(root), file))
      recipes.set(id, await describeRecipe(given, { id, path, file }))
    }
  }
  return [...recipes.values()]
}

async function findRecipes(folder: string, depth: number, given: Given): Promise<string[]> {
  if (depth < 2 && isLeftOut(folder, given)) return []
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (/^[^.].*\.ya?ml$/.test(entry.name) && !entry.isDirectory()) found.push(path)
    if (entry.isDirectory() && !entry.name.startsWith('.') && depth > 0)
      found.push(...(await findRecipes(path, depth - 1, given)))
  }
  return found
}

// Run folders hold a copy of their recipe, from which the run goes on under its own name.
function isLeftOut(folder: string, { runs, cache }: Given): boolean {
  return [runs, cache].some((place) => resolve(place) === folder)
}

async function describeRecipe(
  given: Given,
  { id, path, file }: { readonly id: string; readonly path: string; readonly file: string },
): Promise<FoundRecipe> {
  try {
    await requireGiven(given, file)
    const { name } = await readRecipe(file)
    return { id, path, file, name, problem: null }
  } catch (cause) {
    return { id, path, file, name: null, problem: partsOf(cause) }
  }
}

/**
 * Starts a study as a process of its own. Throws RefusedError where a process works for that run already or another recipe's
 * results would be replaced unasked, and as `readRecipe` does.
 */
export async function startStudy(
  given: Given,
  eosin: readonly string[],
  { recipe, run, replace = false }: StudyOrder,
): Promise<StartedStudy> {
  if (typeof run === 'string') return goOn(given, eosin, run)
  const found = (await listRecipes(given)).find(({ id }) => id === recipe)
  if (!found) {
    throw new RefusedError(404, {
      where: 'study',
      expected: 'a recipe of the given folders, or a run',
      got: recipe === undefined ? 'neither' : 'another',
      hint: 'give the folder of the recipe to eosin serve with --data',
    })
  }
  await requireGiven(given, found.file)
  const read = await readRecipe(found.file)
  for (const split of Object.values(read.data)) await requireGiven(given, split.path)
  const folder = placeRun(read, { out: given.runs, cache: given.cache })
  if (!replace) await refuseOther(folder, read.text)
  const place = ['--out', given.runs, '--cache', given.cache]
  return begin(read.name, folder, [...eosin, 'study', 'run', found.file, ...place], dirname(found.file))
}

async function goOn(given: Given, eosin: readonly string[], name: string): Promise<StartedStudy> {
  const folder = await runFolderOf(given, name)
  const { cache, recipe } = await readStudyFile(folder)
  await requireGiven(given, cache)
  for (const split of Object.values(recipe.data)) await requireGiven(given, split.path)
  return begin(name, folder, [...eosin, 'study', 'run', resolve(folder, 'study.json')], folder)
}

async function refuseOther(folder: string, text: string): Promise<void> {
  const known = await readStudyFile(folder).catch(() => null)
  if (known === null || known.recipe.text === text) return
  throw new RefusedError(409, {
    where: folder,
    expected: 'a run of this recipe, or none',
    got: 'a run of the same name by another recipe',
    hint: 'give the recipe another name, or have the run replaced',
  })
}

async function begin(
  name: string,
  folder: string,
  [program, ...rest]: readonly string[],
  cwd: string,
): Promise<StartedStudy> {
  const holder = await findHolder(join(folder, 'lock'))
  if (holder) {
    throw new RefusedError(409, {
      where: folder,
      got: `a run that process ${holder.process} on ${holder.host} works for already`,
      hint: 'wait for it, or cancel it first',
    })
  }
  await makeFolder(folder)
  const output = await open(join(folder, outputFile), 'w')
  try {
    const child = spawn(program, rest, {
      cwd,
      detached: true, // its own session: what ends the server does not end it
      stdio: ['ignore', output.fd, output.fd],
      env: { ...process.env, NO_COLOR: '1' },
    })
    const number = await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid!))
      child.once('error', reject)
    })
    child.unref()
    return { name, process: number }
  } finally {
    await output.close()
  }
}

/**
 * Tells the process that works for a run to end; what it has done is kept, and the run can go on from there. Throws RefusedError
 * where no process of this machine does, or the one that does is no study of Eosin's.
 */
export async function cancelRun(given: Given, name: string): Promise<{ readonly process: number }> {
  const folder = await runFolderOf(given, name)
  const number = await findLocalHolder(join(folder, 'lock'))
  if (number === null) {
    const elsewhere = await findHolder(join(folder, 'lock'))
    throw new RefusedError(409, {
      where: folder,
      expected: 'a process of this machine that works for the run',
      got: elsewhere ? `process ${elsewhere.process} on ${elsewhere.host}` : 'none',
      hint: elsewhere ? 'end it there' : undefined,
    })
  }
  const command = await readCommand(number)
  if (number === process.pid || !isStudy(command)) {
    throw new RefusedError(409, {
      where: `process ${number}`,
      expected: 'a study of Eosin',
      got: command.slice(0, 4).join(' ') || 'a process that does not say what it is',
    })
  }
  process.kill(number, 'SIGTERM')
  return { process: number }
}

async function readCommand(number: number): Promise<string[]> {
  const text = await readFile(`/proc/${number}/cmdline`, 'utf8').catch(() => '')
  return text.split('\0').filter(Boolean)
}

// node .../main.js study run ..., or bin/eosin.js, or `eosin demo`.
function isStudy(command: readonly string[]): boolean {
  const program = command.findIndex((word) => /(^|[/\\])(eosin(\.js)?|main\.(js|ts))$/.test(word))
  return program >= 0 && ['study', 'demo'].includes(command[program + 1])
}
