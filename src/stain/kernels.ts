// The WebAssembly kernels (scripts/stainKernels.as, scripts/labKernels.as): what they are called with, and how they start.

import { kernelCode } from './generated/kernels.ts'

/** The kernels; addresses are byte offsets into the workspace's memory. See scripts/stainKernels.as. */
export interface Kernels {
  packLevels(tables: number, scale: number, highest: number, levels: number): void
  findBelow(
    data: number,
    count: number,
    levels: number,
    packed: number,
    second: number,
    offsets: number,
  ): number
  packFound(
    data: number,
    count: number,
    levels: number,
    offsets: number,
    found: number,
    packed: number,
    second: number,
  ): void
  findDense(
    data: number,
    count: number,
    tables: number,
    levels: number,
    least: number,
    darkest: number,
    unsure: number,
    sure: number,
    packed: number,
    second: number,
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
  markForms(
    packed: number,
    second: number,
    count: number,
    forms: number,
    overA: number,
    overB: number,
    marksA: number,
    marksB: number,
  ): void
  takeForms(
    data: number,
    offsets: number,
    count: number,
    marks: number,
    products: number,
    over: number,
    out: number,
  ): number
  takeRatios(
    data: number,
    offsets: number,
    count: number,
    marks: number,
    products: number,
    bound: number,
    isBelow: number,
    out: number,
  ): number
  weighRatios(
    data: number,
    offsets: number,
    count: number,
    marksA: number,
    marksB: number,
    products: number,
    above: number,
    below: number,
    bins: number,
    weights: number,
  ): void
  select(values: number, count: number, rank: number): number
  least(values: number, count: number): number
  fillFactors(tables: number, powers: number, singles: number, factors: number): void
  countLevels(data: number, count: number, step: number, histograms: number): void
  multiplyTables(
    data: number,
    offsets: number,
    count: number,
    factors: number,
    tables: number,
    map: number,
  ): void
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

// Types for the global that browsers and Node share, without the browser's library.
interface WebAssemblyGlobal {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}
const { WebAssembly: assembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal }
let compiled: object | undefined

/** Starts the kernels on memory of their own, of at least `bytes` bytes, zero at first. */
export function startKernels(bytes: number): { readonly kernels: Kernels; readonly memory: ArrayBuffer } {
  const memory = new assembly.Memory({ initial: Math.ceil(bytes / 65536) })
  compiled ??= new assembly.Module(Uint8Array.from(atob(kernelCode), (c) => c.charCodeAt(0)))
  const { exports } = new assembly.Instance(compiled, { env: { memory } })
  return { kernels: exports as Kernels, memory: memory.buffer }
}
