// Which folders a command may replace: those that Eosin wrote, known by their manifest, and that hold nothing else. What
// anybody else put there is never removed, whatever was asked for.

import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../base/index.ts'
import { followLinks } from '../files/index.ts'

/** A kind of folder that a command writes. */
export interface FolderKind {
  /** In words, e.g. `a folder of embeddings`. */
  readonly about: string
  /** The JSON file by which it is known, and a key that Eosin writes there. */
  readonly manifest: string
  readonly key: string
  /** Whether Eosin writes a file of this name; folders are part of it, with slashes. What the manifest lists under `files` is its own too. */
  isOwn(name: string): boolean
}

/**
 * Throws UsageError, with names, where the folder at `path` holds what Eosin did not write, or where `path` is no folder;
 * likewise for `<path>.work` and `<path>.old`, through which a folder is replaced.
 */
export async function requireReplaceable(path: string, kind: FolderKind): Promise<void> {
  const target = followLinks(path)
  await requireOwn(path, target, kind)
  for (const beside of [`${target}.work`, `${target}.old`]) {
    const names = existsSync(beside) ? await listFiles(beside) : []
    const others = names.filter((name) => !kind.isOwn(name) && !name.endsWith('.tmp'))
    if (others.length > 0 && !(await readManifest(beside, kind))) throw foreign(beside, kind, others)
  }
}

async function requireOwn(path: string, target: string, kind: FolderKind): Promise<void> {
  const found = await stat(target).catch(() => undefined)
  if (!found) return
  if (!found.isDirectory()) throw new UsageError({ where: path, expected: 'a folder', got: 'a file', hint })
  const names = await listFiles(target)
  const manifest = await readManifest(target, kind)
  const listed = new Set(Array.isArray(manifest?.files) ? manifest.files : [])
  const isOwn = (name: string) => name === kind.manifest || kind.isOwn(name) || listed.has(name)
  const others = manifest ? names.filter((name) => !isOwn(name)) : names
  if (others.length > 0) throw foreign(path, kind, others)
}

const hint = 'nothing was removed: choose another --out'

function foreign(where: string, { about }: FolderKind, names: readonly string[]): UsageError {
  const shown = names.slice(0, 3).join(', ')
  const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
  return new UsageError({
    where,
    expected: `${about} that Eosin wrote, with nothing else in it`,
    got: `one that holds ${shown}${more}`,
    hint,
  })
}

// Files and folders without files, at any depth.
async function listFiles(folder: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true })
  const names = entries.map(async (entry) => {
    const name = below + entry.name
    const inside = entry.isDirectory() ? await listFiles(folder, `${name}/`) : []
    return inside.length > 0 ? inside : [name]
  })
  return (await Promise.all(names)).flat().sort()
}

async function readManifest(
  folder: string,
  { manifest, key }: FolderKind,
): Promise<{ readonly files?: unknown } | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(join(folder, manifest), 'utf8'))
    return typeof content === 'object' && content !== null && key in content ? content : undefined
  } catch {
    return undefined // none, or somebody else's
  }
}
