// HDF5 files joined by links: finds the object that a path leads to, through soft links and into other files. Another
// file is read only where it lies in the folder of the file that names it, or below: a file from elsewhere must not
// make us open what it likes. A name with another folder in it is looked for by its last part, as HDF5 does too.

import { closeSync, existsSync, openSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { type FileHead, recogniseFile, wrongFile } from '../formats/index.ts'
import type { DataFile } from './hdf5Data.ts'
import { readMessages, readSuperblock } from './hdf5Header.ts'
import { type Link, readLinks } from './hdf5Links.ts'
import { damaged, explained, openSource, type Source } from './hdf5Source.ts'

/** An open file and what it is joined with. */
export interface LinkedFile extends DataFile {
  readonly path: string
  /** The address of the root group's header. */
  readonly root: number
  /** The links of the group with this header; undefined where it is no group. */
  links(header: number): ReadonlyMap<string, Link> | undefined
  kindOf(header: number): 'group' | 'dataset' | 'type'
  openBeside(name: string): LinkedFile
  /** The files named so far by links and datasets, sorted. */
  otherFiles(): readonly string[]
  close(): void
}

/** Opens a file and, when links lead there, others beside it. Throws DataError. */
export function openLinkedFile(path: string): LinkedFile {
  return openOne(path, new Map(), new Set())
}

function openOne(path: string, opened: Map<string, LinkedFile>, named: Set<string>): LinkedFile {
  const source = openAtSignature(path)
  const root = explainedOrClosed(path, source)
  const kept = new Map<number, ReturnType<typeof readLinks>>()
  const links = (header: number) => {
    // The root's links stay, and those of the groups last asked for: patches are asked for group by group.
    const found = kept.has(header) ? kept.get(header) : readLinks(source, header)
    if (header !== root) kept.delete(header)
    kept.set(header, found)
    if (kept.size > 8) kept.delete([...kept.keys()].find((old) => old !== root)!)
    return found
  }
  const findBeside = (name: string) => {
    const found = findInFolder(path, name)
    named.add(found)
    return found
  }
  const file: LinkedFile = {
    path,
    source,
    root,
    links,
    kindOf: (header) => {
      if (links(header)) return 'group'
      return readMessages(source, header).some(({ type }) => type === 0x8) ? 'dataset' : 'type'
    },
    findBeside,
    openBeside(name) {
      const target = findBeside(name)
      return opened.get(target) ?? openOne(target, opened, named)
    },
    otherFiles: () => [...named].filter((other) => other !== resolve(path)).sort(),
    close() {
      for (const { source } of opened.values()) closeSync(source.descriptor)
      opened.clear()
    },
  }
  opened.set(resolve(path), file)
  return file
}

const signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')

// A file may begin with a block of the user's: the signature stands at 0, 512, 1024, 2048 ...
function openAtSignature(path: string): Source {
  const descriptor = explained(path, () => openSync(path, 'r'))
  const whole = openSource(descriptor)
  for (let base = 0; base + 96 <= whole.size; base = base === 0 ? 512 : 2 * base) {
    if (!whole.bytes(base, 8).equals(signature)) continue
    if (base === 0) return whole
    if (recogniseFile(headOf(whole)) !== 'tar') return openSource(descriptor, base) // a tar's first file begins at 512
  }
  const head = headOf(whole)
  closeSync(descriptor)
  throw wrongFile(path, { expected: 'an HDF5 file', kinds: ['hdf5'] }, head)
}

function headOf(source: Source): FileHead {
  return { bytes: source.bytes(0, Math.min(source.size, 1 << 16)), size: source.size }
}

function explainedOrClosed(path: string, source: Source): number {
  try {
    return explained(path, () => readSuperblock(source))
  } catch (cause) {
    closeSync(source.descriptor)
    throw cause
  }
}

/** An object's header, in which file it is, and its path there. */
export interface Located {
  readonly file: LinkedFile
  readonly header: number
  readonly path: string
}

const dangling = 'what it links to was left out or renamed: write the file again with it'

/**
 * The object at a path; undefined where there is nothing. Throws Hdf5Fault where a link on the way leads nowhere, and
 * DataError for another file that cannot be read.
 */
export function locate(from: LinkedFile, path: string, hops = { left: 32 }): Located | undefined {
  let at: Located = { file: from, header: from.root, path: '' }
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue
    const link: Link | undefined = at.file.links(at.header)?.get(name)
    if (!link) return undefined
    if (link.kind === 'hard') {
      at = { file: at.file, header: link.header, path: `${at.path}/${name}` }
      continue
    }
    if (hops.left-- === 0) damaged('links that lead in a circle', dangling)
    const isExternal = link.kind === 'external'
    const target = isExternal || link.target.startsWith('/') ? link.target : `${at.path}/${link.target}`
    const found = locate(isExternal ? at.file.openBeside(link.file) : at.file, target, hops)
    const place = isExternal ? ` in '${link.file}'` : ''
    at =
      found ??
      damaged(
        `${isExternal ? 'an external' : 'a soft'} link to '${link.target}'${place}, where nothing is`,
        dangling,
      )
  }
  return at
}

// The path of a file that `path` names, in its folder or below it. Throws Hdf5Fault where there is none.
function findInFolder(path: string, name: string): string {
  const folder = dirname(resolve(path))
  const named = isAbsolute(name) ? name : join(folder, name)
  const last = join(folder, name.split(/[/\\]/).pop() || '.')
  const isWithin = (candidate: string) => {
    const way = relative(folder, candidate)
    return way !== '' && !isAbsolute(way) && way.split(sep)[0] !== '..'
  }
  const found = [named, last].find((candidate) => isWithin(candidate) && existsSync(candidate))
  const hint = 'put that file beside this one; files in other folders are not followed'
  return found ?? damaged(`values in another file, '${name}', which is not in its folder`, hint)
}
