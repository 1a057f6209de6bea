// The memory that patches are worked on in, and the WebAssembly kernels that share it (scripts/stainKernels.as).
// One workspace serves patches of one size, one after the other; it has no state that outlives a patch.

import { kernelCode } from './generated/kernels.ts'
import type { DensityTables } from './opticalDensity.ts'

/** The kernels; addresses are byte offsets into the workspace's memory. See scripts/stainKernels.as. */
export interface Kernels {
  findBelow(data: number, count: number, above: number, offsets: number): number
  findDense(
    data: number,
    count: number,
    tables: number,
    least: number,
    darkest: number,
    offsets: number,
  ): number
  sumMoments(
    data: number,
    offsets: number,
    count: number,
    tables: number,
    x0: number,
    y0: number,
    z0: number,
    out: number,
  ): void
  multiplyForms(tables: number, forms: number, products: number): void
  sampleForms(
    data: number,
    offsets: number,
    count: number,
    size: number,
    products: number,
    outA: number,
    outB: number,
  ): void
  collectForms(
    data: number,
    offsets: number,
    count: number,
    products: number,
    overA: number,
    overB: number,
    outA: number,
    outB: number,
  ): bigint
  collectRatios(
    data: number,
    offsets: number,
    count: number,
    products: number,
    above: number,
    below: number,
    outA: number,
    outB: number,
  ): bigint
  weighRatios(
    data: number,
    offsets: number,
    count: number,
    products: number,
    above: number,
    below: number,
    bins: number,
    weights: number,
  ): void
  fillFactors(tables: number, map: number, factors: number): void
  countLevels(data: number, count: number, step: number, histograms: number): void
  multiplyTables(data: number, offsets: number, count: number, factors: number, out: number): void
  lookUpRoots(
    data: number,
    offsets: number,
    count: number,
    linear: number,
    table: number,
    roots: number,
  ): void
  sumRoots(roots: number, count: number, x0: number, y0: number, z0: number, out: number): void
  writeRoots(
    roots: number,
    data: number,
    offsets: number,
    count: number,
    constants: number,
    bytes: number,
    steps: number,
    out: number,
  ): void
}

/** Where things lie. Tables come first, at fixed places; what grows with the patch follows. */
export interface Addresses {
  readonly tables: number
  readonly factors: number
  readonly scratch: number
  readonly products: number
  readonly weights: number
  readonly linear: number
  readonly roots: number
  readonly gamma: number
  readonly data: number
  readonly out: number
  readonly offsets: number
  readonly valuesA: number
  readonly valuesB: number
}

const fixed = {
  tables: 0, // 3 x 256 f64
  factors: 6144, // 3 x 256 x 3 f64
  scratch: 30720, // 128 f64
  weights: 31744, // 2048 f64
  linear: 48128, // 3 x 256 x 3 f64
  roots: 66560, // up to 4128 pairs of f64
  gamma: 132608, // up to 16640 bytes
  products: 149504, // 3 x 256 x 2 f64
}
const fixedBytes = 161792

/** Memory for patches of one size, and views on it. */
export interface Workspace {
  readonly kernels: Kernels
  readonly address: Addresses
  /** The patch in work: RGB bytes. */
  readonly data: Uint8Array
  /** What becomes of it. */
  readonly out: Uint8Array
  /** Byte offsets of its tissue pixels. */
  readonly offsets: Int32Array
  readonly valuesA: Float64Array
  readonly valuesB: Float64Array
  /** 128 numbers for arguments and results of kernels. */
  readonly scratch: Float64Array
  readonly memory: ArrayBuffer
  /** Makes a patch the one in work. */
  load(patch: Uint8Array): void
  /** Copies density tables to where the kernels look for them. */
  setTables(tables: DensityTables): void
}

// Types for the global that browsers and Node share, without the browser's library.
interface WebAssemblyGlobal {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}
const { WebAssembly: assembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal }
let compiled: object | undefined

/** Memory for patches of `pixelCount` pixels. */
export function openWorkspace(pixelCount: number): Workspace {
  const sizes = [
    3 * pixelCount,
    3 * pixelCount,
    4 * (pixelCount + 1),
    8 * (pixelCount + 1),
    8 * (pixelCount + 1),
  ]
  let end = fixedBytes
  const starts = sizes.map((size) => {
    const start = end
    end = (start + size + 15) & ~15
    return start
  })
  const [data, out, offsets, valuesA, valuesB] = starts
  const memory = new assembly.Memory({ initial: Math.ceil(end / 65536) })
  compiled ??= new assembly.Module(Uint8Array.from(atob(kernelCode), (c) => c.charCodeAt(0)))
  const { exports } = new assembly.Instance(compiled, { env: { memory } })
  const { buffer } = memory
  const patch = new Uint8Array(buffer, data, 3 * pixelCount)
  const tableView = new Float64Array(buffer, fixed.tables, 768)
  let current: DensityTables | null = null
  return {
    kernels: exports as Kernels,
    address: { ...fixed, data, out, offsets, valuesA, valuesB },
    data: patch,
    out: new Uint8Array(buffer, out, 3 * pixelCount),
    offsets: new Int32Array(buffer, offsets, pixelCount + 1),
    valuesA: new Float64Array(buffer, valuesA, pixelCount + 1),
    valuesB: new Float64Array(buffer, valuesB, pixelCount + 1),
    scratch: new Float64Array(buffer, fixed.scratch, 128),
    memory: buffer,
    load: (bytes) => patch.set(bytes),
    setTables(tables) {
      if (tables === current) return
      current = tables
      for (const [k, table] of tables.entries()) tableView.set(table, 256 * k)
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

/** Prepares two linear forms of the densities (x, y, z) for the kernels; returns the address of their products. */
export function setForms(
  { scratch, address, kernels, setTables }: Workspace,
  tables: DensityTables,
  a: readonly [number, number, number],
  b: readonly [number, number, number],
): number {
  for (let k = 0; k < 3; k++) {
    scratch[2 * k] = a[k]
    scratch[2 * k + 1] = b[k]
  }
  setTables(tables)
  kernels.multiplyForms(address.tables, address.scratch, address.products)
  return address.products
}

/** The two counts that a collecting kernel returns. */
export function splitCounts(counts: bigint): [number, number] {
  return [Number(counts & 0xffffffffn), Number(counts >> 32n)]
}
