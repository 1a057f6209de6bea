// Reads the imports of src/ as its files write them, for the tests that hold its structure.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** One import, or one export from another file. Paths are written from the project's folder. */
export interface Import {
  readonly file: string
  /** The room of `file`; `index` for src/index.ts. */
  readonly room: string
  /** As it is written. */
  readonly target: string
  /** The file it leads to; null for packages and for Node's own modules. */
  readonly path: string | null
  /** Nothing is left of it when the program runs. */
  readonly isType: boolean
  /** Loaded when it is called for: import('...'). */
  readonly isDynamic: boolean
}

const pattern =
  /^\s*(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]|(typeof\s+)?\bimport\(['"]([^'"]+)['"]\)/gm

/** The room that a file of src/ stands in. */
export function roomOf(file: string): string {
  const parts = file.split('/')
  return parts.length > 2 ? parts[1] : 'index'
}

/** The imports that stand in the text of a file. */
export function parseImports(file: string, text: string): Import[] {
  return [...text.matchAll(pattern)].map(([, type, still, typeOf, dynamic]) => {
    const target = still ?? dynamic
    return {
      file,
      room: roomOf(file),
      target,
      path: target.startsWith('.') ? join(dirname(file), target) : null,
      isType: Boolean(type ?? typeOf),
      isDynamic: dynamic !== undefined,
    }
  })
}

/** Every import of every file of src/, but for generated ones. */
export function readImports(): Import[] {
  const all = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((file) => join('src', file))
  const files = all.filter((file) => file.endsWith('.ts') && !file.includes('generated'))
  return files.sort().flatMap((file) => parseImports(file, readFileSync(file, 'utf8')))
}

/** What each file imports, each once: files of src/ by their path, all else as it is written. */
export function mapImports(imports: readonly Import[]): Map<string, string[]> {
  const map = new Map<string, Set<string>>()
  for (const { file, path, target } of imports) {
    map.set(file, (map.get(file) ?? new Set()).add(path ?? target))
  }
  return new Map([...map].map(([file, targets]) => [file, [...targets]]))
}

/** `start` and every file and package that its imports lead to. */
export function closureOf(graph: ReadonlyMap<string, readonly string[]>, start: string): Set<string> {
  const closure = new Set([start])
  for (const file of closure) for (const next of graph.get(file) ?? []) closure.add(next)
  return closure
}

/** The shortest way of imports from `start` to a file that `isGoal`, both named; null where none leads there. */
export function findWay(
  graph: ReadonlyMap<string, readonly string[]>,
  start: string,
  isGoal: (file: string) => boolean,
): string[] | null {
  const before = new Map<string, string>()
  const queue = [start]
  for (const file of queue) {
    for (const next of graph.get(file) ?? []) {
      if (isGoal(next)) {
        const way = [next]
        for (let step: string | undefined = file; step !== undefined; step = before.get(step))
          way.unshift(step)
        return way
      }
      if (next === start || before.has(next)) continue
      before.set(next, file)
      queue.push(next)
    }
  }
  return null
}
