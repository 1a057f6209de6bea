// Runs a compiled element-wise kernel over arrays that lie in one WebAssembly memory.

import { describeCause, EngineError, f32, type NdArray, sizeOf } from '../base/index.ts'

/** Memory for arrays that kernels and graphs share; the arrays are ordinary views of it. */
export interface KernelMemory {
  /** A view of a zeroed region's elements `start` to `start + size` of `shape`. */
  view(region: number, start: number, shape: readonly number[]): NdArray<'f32'>
  /** Opens a kernel made by graph's emitKernel: `run(region of each array, start, count, scalars)`. */
  open(
    bytes: Uint8Array<ArrayBuffer>,
  ): (regions: readonly number[], start: number, count: number, scalars: readonly number[]) => void
}

// The part of the WebAssembly interface used here: neither ES2023 nor @types/node declare it.
declare const WebAssembly: {
  Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer }
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Record<string, (...args: number[]) => void> }
}

const pageBytes = 65_536

/** Opens `regions` arrays of `size` elements each, zero at first. Throws EngineError where memory is short. */
export function openKernelMemory(regions: number, size: number): KernelMemory {
  const stride = Math.ceil(size / 64) * 256 // bytes; a region begins at a cache line
  const pages = Math.ceil((regions * stride) / pageBytes)
  let memory: { readonly buffer: ArrayBuffer }
  try {
    memory = new WebAssembly.Memory({ initial: Math.max(1, pages) })
  } catch (cause) {
    throw new EngineError(
      { where: 'kernel memory', expected: `${regions * stride} bytes`, got: describeCause(cause) },
      cause,
    )
  }
  return {
    view(region, start, shape) {
      return f32(shape, new Float32Array(memory.buffer, region * stride + start * 4, sizeOf(shape)))
    },
    open(bytes) {
      const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { m: memory } }).exports
      return (used, start, count, scalars) =>
        run(count, ...used.map((region) => region * stride + start * 4), ...scalars)
    },
  }
}
