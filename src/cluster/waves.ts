// What is sent to a cluster: waves of tasks, each cut into lots.

import { isAbsolute } from 'node:path'
import { UsageError } from '../base/index.ts'

/** Tasks that may run beside each other once all earlier waves have ended. */
export interface Wave {
  readonly name: string
  /** A lot is what one array index does, one task after the other. */
  readonly lots: readonly (readonly string[])[]
  readonly usesDevice: boolean
}

/** A study as a cluster runs it. */
export interface ClusterStudy {
  /** Of the run. */
  readonly name: string
  /** Absolute, on the disk that all machines share; scripts, lists of lots and logs go below `<folder>/cluster`. */
  readonly folder: string
  /** How a worker calls Eosin: `[node, /abs/bin/eosin.js]`. */
  readonly command: readonly string[]
  /**
   * Arguments before the list of lots, e.g. `['task', 'run', '--study', '/abs/study.json', '--lots']`. The file follows; which
   * lot it is, the worker reads from its environment.
   */
  readonly worker: readonly string[]
  /** Arguments of the last job, which collects. */
  readonly finish: readonly string[]
  readonly waves: readonly Wave[]
}

/** Throws UsageError where a study's folder is not absolute or a word cannot stand in a script. */
export function checkStudy({ folder, command, worker, finish }: ClusterStudy): void {
  if (!isAbsolute(folder))
    throw new UsageError({ where: 'folder', expected: 'an absolute path', got: folder })
  if (/\\/.test(folder))
    throw new UsageError({ where: folder, expected: 'a path without backslashes', got: 'one that has some' })
  const words = [folder, ...command, ...worker, ...finish]
  const unfit = words.find((word) => hasControl(word))
  if (unfit !== undefined)
    throw new UsageError({ where: unfit, expected: 'a path or word on one line', got: 'control characters' })
}

/** Whether a text holds line breaks or other control characters. */
export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

/** A name with only letters, digits, points, dashes and underscores in it, at most 60 of them. */
export function plainName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
  return plain.replaceAll(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'unnamed'
}

/** A word as a POSIX shell reads it back. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Words as one line of a POSIX shell. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ')
}
