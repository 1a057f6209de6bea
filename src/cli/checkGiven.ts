// What holds of every command before it starts: nothing given is empty, and no folder is replaced that holds what the
// command reads or where it was called.

import { existsSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { UsageError } from '../base/index.ts'

/** Throws UsageError where a command's arguments and options cannot be meant so. */
export function checkGiven(command: Command): void {
  const given = listGiven(command)
  for (const [where, text] of given)
    if (text === '') throw new UsageError({ where, expected: 'a value', got: 'an empty text' })
  const { out, overwrite } = command.opts<{ out?: string; overwrite?: boolean }>()
  if (!overwrite || out === undefined || !isFolder(out)) return
  const places = [['the current folder', '.'] as const, ...given.filter(([where]) => where !== '--out')]
  const inside = places.find(([, path]) => existsSync(path) && holds(out, path))
  if (!inside) return
  throw new UsageError({
    where: `--out ${out}`,
    expected: 'a folder that may be replaced',
    got: `one that holds ${inside[0]}${inside[1] === '.' ? '' : ` (${inside[1]})`}`,
    hint: 'choose another --out',
  })
}

// Every text that was given, by its argument's or option's name.
function listGiven(command: Command): [where: string, text: string][] {
  const texts = (where: string, value: unknown) =>
    [value].flat(2).flatMap((text): [string, string][] => (typeof text === 'string' ? [[where, text]] : []))
  return [
    ...command.registeredArguments.flatMap((argument, i) =>
      texts(`argument ${argument.name()}`, command.processedArgs[i]),
    ),
    ...command.options.flatMap((option) =>
      texts(option.long ?? option.name(), command.opts()[option.attributeName()]),
    ),
  ]
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

function holds(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path))
  return !way.startsWith('..') && !isAbsolute(way)
}
