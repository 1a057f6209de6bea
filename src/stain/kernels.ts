// The WebAssembly kernels (scripts/stainKernels): what they are called with, and how they start.

import { kernelCode } from './generated/kernels.ts'

/** The kernels; addresses are byte offsets into the workspace's memory. See scripts/stainKernels. */
export interface Kernels {
  packLevels(channel: number, scale: number, highest: number): void
  findBelow(data: number, count: number, packed: number, offsets: number): number
  packFound(data: number, count: number, offsets: number, found: number, packed: number): void
  findDense(
    data: number,
    count: number,
    least: number,
    darkest: number,
    unsure: number,
    sure: number,
    dark: number,
    packed: number,
    offsets: number,
  ): number
  centreTables(x0: number, y0: number, z0: number): void
  sumMoments(data: number, offsets: number, count: number, out: number): void
  multiplyForms(forms: number): void
  sampleForms(data: number, offsets: number, count: number, size: number, outA: number, outB: number): void
  markForms(
    packed: number,
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
    lane: number,
    over: number,
    out: number,
  ): number
  takeRatios(
    data: number,
    offsets: number,
    count: number,
    marks: number,
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
    above: number,
    below: number,
    bins: number,
    weights: number,
  ): void
  select(values: number, count: number, rank: number): number
  least(values: number, count: number): number
  fillFactors(powers: number, singles: number): void
  countLevels(data: number, count: number, step: number, histograms: number): void
  multiplyTables(data: number, offsets: number, count: number, map: number): void
  lookUpRoots(
    data: number,
    offsets: number,
    count: number,
    linear: number,
    table: number,
    y: number,
    a: number,
    b: number,
  ): void
  sumRoots(
    y: number,
    a: number,
    b: number,
    count: number,
    y0: number,
    a0: number,
    b0: number,
    out: number,
  ): void
  writeRoots(
    y: number,
    a: number,
    b: number,
    data: number,
    offsets: number,
    count: number,
    constants: number,
    bytes: number,
    steps: number,
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

/** Where the kernels' own tables lie in memory, and where they end. */
export const tablePlaces = { tables: 0, tablesEnd: 43008 } as const

/** Starts the kernels on memory of their own, of at least `bytes` bytes, zero at first. Tables take the first `tablesEnd` of them. */
export function startKernels(bytes: number): { readonly kernels: Kernels; readonly memory: ArrayBuffer } {
  const memory = new assembly.Memory({ initial: Math.ceil(bytes / 65536) })
  compiled ??= new assembly.Module(Uint8Array.from(atob(kernelCode), (c) => c.charCodeAt(0)))
  const { exports } = new assembly.Instance(compiled, { env: { memory } })
  return { kernels: exports as Kernels, memory: memory.buffer }
}
