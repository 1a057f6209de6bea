// HDF5's B-trees of version 1 and its local heap: how classic files keep the links of groups and the chunks of datasets,
// and the names of both links and external files.
// Format: HDF5 File Format Specification 3.0, sections III.A.1 and III.D.

import { damaged, expectSignature, type Source } from './hdf5Source.ts'

/** A B-tree of symbol table nodes (0) or of chunks (1), and the bytes of its keys. */
export interface ClassicTree {
  readonly kind: 0 | 1
  readonly keyBytes: number
}

/**
 * The addresses of the keys in the leaves of the tree at `address`, in order; behind each key is the address of what it
 * leads to. Notes its nodes in `seen`. Throws Hdf5Fault.
 */
export function* listLeafKeys(
  source: Source,
  address: number,
  tree: ClassicTree,
  seen = new Set<number>(),
  expected?: number,
): Generator<number> {
  expectSignature(source, address, 'TREE')
  if (seen.size === seen.add(address).size) damaged('a tree that leads in a circle')
  if (source.u8(address + 4) !== tree.kind) damaged('a tree of another kind')
  const level = source.u8(address + 5)
  if (expected !== undefined && level !== expected) damaged('a tree whose levels do not fit')
  const count = source.u16(address + 6)
  for (let i = 0; i < count; i++) {
    const key = address + 24 + i * (tree.keyBytes + 8)
    if (level === 0) yield key
    else yield* listLeafKeys(source, source.u64(key + tree.keyBytes), tree, seen, level - 1)
  }
}

/** Opens the local heap at `address`: the function gives the name that begins at a place in it. Throws Hdf5Fault. */
export function openLocalHeap(source: Source, address: number): (start: number) => Buffer {
  expectSignature(source, address, 'HEAP')
  const names = source.bytes(source.u64(address + 24), source.u64(address + 8))
  return (start) => {
    const end = names.indexOf(0, start)
    return start < names.length && end >= 0 ? names.subarray(start, end) : damaged('a name beyond its heap')
  }
}
