// The links of an HDF5 group, in the three ways in which files keep them: a symbol table (classic files), messages in
// the group's header (small groups) and a heap with an index (large groups of newer files).
// Format: HDF5 File Format Specification 3.0, sections III.B, III.C and IV.A.2.c, g, r.

import { listLeafKeys, openLocalHeap } from './hdf5ClassicTrees.ts'
import { findMessage, type Message, readMessages } from './hdf5Header.ts'
import { damaged, expectSignature, type Source, unsupported } from './hdf5Source.ts'
import { listTreeRecords, openFractalHeap } from './hdf5Trees.ts'

/** Where a name leads: to an object's header, to another path, or to a path in another file. */
export type Link =
  | { readonly kind: 'hard'; readonly header: number }
  | { readonly kind: 'soft'; readonly target: string }
  | { readonly kind: 'external'; readonly file: string; readonly target: string }

/** The links of the group whose header is at `header`; undefined where it is no group. Throws Hdf5Fault. */
export function readLinks(source: Source, header: number): Map<string, Link> | undefined {
  const messages = readMessages(source, header)
  const table = findMessage(source, messages, 0x11)
  const info = findMessage(source, messages, 0x2)
  if (!table && !info) return undefined
  const links = new Map<string, Link>()
  const add = (name: Buffer, link: Link) => {
    const text = decodeName(name)
    if (links.has(text)) damaged(`a group with '${text}' twice`)
    links.set(text, link)
  }
  if (table) addSymbols(source, table, add)
  for (const { type, at, size } of messages) if (type === 0x6) addLink(source.bytes(at, size), add)
  if (info) addIndexedLinks(source, info, add)
  return links
}

type Add = (name: Buffer, link: Link) => void

// Names are UTF-8; what is none shows its bytes, so that two names stay two.
function decodeName(name: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name)
  } catch {
    return name.toString('latin1').replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
  }
}

function addSymbols(source: Source, { at }: Message, add: Add): void {
  const textAt = openLocalHeap(source, source.u64(at + 8))
  const seen = new Set<number>()
  for (const key of listLeafKeys(source, source.u64(at), { kind: 0, keyBytes: 8 }, seen)) {
    const node = source.u64(key + 8)
    if (seen.size === seen.add(node).size) damaged('a tree that leads in a circle')
    expectSignature(source, node, 'SNOD')
    const count = source.u16(node + 6)
    for (let i = 0; i < count; i++) {
      const entry = node + 8 + 40 * i
      const isSoft = source.u32(entry + 16) === 2
      const target = isSoft ? textAt(source.u32(entry + 24)).toString('utf8') : ''
      const name = textAt(source.u64(entry))
      add(name, isSoft ? { kind: 'soft', target } : { kind: 'hard', header: source.u64(entry + 8) })
    }
  }
}

function addIndexedLinks(source: Source, { at }: Message, add: Add): void {
  const heapAt = at + 2 + (source.u8(at + 1) & 1 ? 8 : 0)
  const [heap, index] = [source.address(heapAt), source.address(heapAt + 8)]
  if (heap === undefined || index === undefined) return
  const read = openFractalHeap(source, heap)
  // A record is the hash of a name and the link's id in the heap.
  for (const record of listTreeRecords(source, index).addresses) addLink(read(record + 4), add)
}

function addLink(bytes: Buffer, add: Add): void {
  const message = readerOf(bytes)
  const version = message.uint(1)
  if (version !== 1) unsupported(`a link of version ${version}`)
  const flags = message.uint(1)
  const type = flags & 8 ? message.uint(1) : 0
  if (flags & 4) message.uint(8) // its place in the order of creation
  if (flags & 16) message.uint(1) // ASCII or UTF-8, which holds it
  const name = message.bytes(message.uint(1 << (flags & 3)))
  if (type === 0) {
    add(name, { kind: 'hard', header: message.uint(8) })
    return
  }
  const value = message.bytes(message.uint(2))
  if (type === 1) {
    add(name, { kind: 'soft', target: value.toString('utf8').replace(/\0.*$/s, '') })
    return
  }
  if (type !== 64) unsupported(`a link of type ${type}`)
  const [file, target] = value.subarray(1).toString('utf8').split('\0')
  add(name, { kind: 'external', file, target: target ?? damaged('a link to a file without a path in it') })
}

// Reads on and on in a message of its own.
function readerOf(message: Buffer) {
  let at = 0
  const bytes = (length: number): Buffer => {
    if (!(at + length <= message.length)) damaged('a link that ends early')
    at += length
    return message.subarray(at - length, at)
  }
  return {
    bytes,
    uint(length: number): number {
      const part = bytes(length)
      let value = 0
      for (let i = length - 1; i >= 0; i--) value = value * 256 + part[i]
      return Number.isSafeInteger(value) ? value : damaged('an address beyond 2^53')
    },
  }
}
