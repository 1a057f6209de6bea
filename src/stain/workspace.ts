// The memory that patches are worked on in, and the WebAssembly kernels that share it.
// One workspace serves patches of one size, one after the other; it has no state that outlives a patch.

import { type Kernels, startKernels, tablePlaces } from './kernels.ts'
import type { DensityTables } from './opticalDensity.ts'

/** Where things lie, as byte offsets. */
export type Addresses = Readonly<Record<keyof typeof fixedBytes | (typeof growing)[number][0], number>>

// The kernels' own tables come first, then what is of one size; what grows with the patch follows.
const fixedBytes = {
  scratch: 128 * 8, // f64
  weights: 2048 * 8, // f64
  linear: 3 * 256 * 3 * 8, // f64
  roots: 4128 * 2 * 8, // pairs of f64
  gamma: 16640,
} as const
// Bytes for `pixels` pixels, which are a multiple of 64.
const growing = [
  ['data', (pixels: number) => 3 * pixels],
  ['offsets', (pixels: number) => 4 * pixels + 16],
  ['packed', (pixels: number) => 8 * pixels],
  ['marksA', (pixels: number) => pixels / 8],
  ['marksB', (pixels: number) => pixels / 8],
  ['valuesA', (pixels: number) => 8 * pixels + 16],
  ['valuesB', (pixels: number) => 8 * pixels + 16],
] as const

/** Memory for patches of one size, and views on it. */
export interface Workspace {
  readonly kernels: Kernels
  readonly address: Addresses
  readonly pixelCount: number
  /** The patch in work: RGB bytes. It is changed in place. */
  readonly data: Uint8Array
  /** Byte offsets of its tissue pixels. */
  readonly offsets: Int32Array
  readonly valuesA: Float64Array
  readonly valuesB: Float64Array
  /** 128 numbers for arguments and results of kernels. */
  readonly scratch: Float64Array
  readonly memory: ArrayBuffer
  /** Makes a patch the one in work. */
  load(patch: Uint8Array): void
  /** Copies density tables, which do not change any more, to where the kernels look for them. */
  setTables(tables: DensityTables): void
  /** The same as integers, as the kernel packLevels makes them. */
  setLevels(tables: DensityTables, scale: number, highest: number): void
}

// The workspace that was opened last: fresh memory costs more than the work on a patch. Larger ones are not kept.
let kept: Workspace | null = null
const keptPixels = 2 ** 21

/**
 * Memory for patches of `pixelCount` pixels. It may be one that was opened before: what is in it holds until another patch
 * of that size is loaded, and no longer than to the next `await`.
 */
export function openWorkspace(pixelCount: number): Workspace {
  if (kept?.pixelCount === pixelCount) return kept
  const workspace = makeWorkspace(pixelCount)
  if (pixelCount <= keptPixels) kept = workspace
  return workspace
}

function makeWorkspace(pixelCount: number): Workspace {
  let end: number = tablePlaces.tablesEnd
  const place = (bytes: number) => {
    const start = end
    end = (start + bytes + 15) & ~15
    return start
  }
  const fixed = Object.entries(fixedBytes).map(([name, bytes]) => [name, place(bytes)])
  const padded = (pixelCount + 63) & ~63
  const rest = growing.map(([name, bytesOf]) => [name, place(bytesOf(padded))])
  const address = Object.fromEntries([...fixed, ...rest]) as Addresses
  const { kernels, memory } = startKernels(end)
  const data = new Uint8Array(memory, address.data, 3 * pixelCount)
  const tableView = new Float64Array(memory, tablePlaces.tables, 768)
  // What of each channel is there: the table, and the `highest` of its levels.
  const channels: { table: Float64Array | null; highest: number | null }[] = [0, 1, 2].map(() => ({
    table: null,
    highest: null,
  }))
  const setTables = (tables: DensityTables) => {
    for (let k = 0; k < 3; k++) {
      if (tables[k] === channels[k].table) continue
      channels[k] = { table: tables[k], highest: null }
      tableView.set(tables[k], 256 * k)
    }
  }
  return {
    kernels,
    address,
    pixelCount,
    data,
    offsets: new Int32Array(memory, address.offsets, pixelCount + 1),
    valuesA: new Float64Array(memory, address.valuesA, pixelCount + 1),
    valuesB: new Float64Array(memory, address.valuesB, pixelCount + 1),
    scratch: new Float64Array(memory, address.scratch, 128),
    memory,
    load: (bytes) => data.set(bytes),
    setTables,
    setLevels(tables, scale, highest) {
      setTables(tables)
      for (let k = 0; k < 3; k++) {
        if (channels[k].highest === highest) continue
        channels[k].highest = highest
        kernels.packLevels(k, scale, highest)
      }
    },
  }
}

/** The pixels that are meant: the `count` tissue pixels of the workspace, or all where `isTissue` is false. */
export interface PixelChoice {
  readonly isTissue: boolean
  readonly count: number
}

/** The address of a choice's offsets as the kernels take it: 0 for all pixels in order. */
export function offsetsOf({ isTissue }: PixelChoice, { address }: Workspace): number {
  return isTissue ? address.offsets : 0
}

/** Prepares two linear forms of the densities (x, y, z) for the kernels. */
export function setForms(
  { scratch, address, kernels, setTables }: Workspace,
  tables: DensityTables,
  a: readonly [number, number, number],
  b: readonly [number, number, number],
): void {
  for (let k = 0; k < 3; k++) {
    scratch[2 * k] = a[k]
    scratch[2 * k + 1] = b[k]
  }
  setTables(tables)
  kernels.multiplyForms(address.scratch)
}
