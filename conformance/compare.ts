// The largest difference between an array and its reference.

import type { NdArray } from '../src/base/index.ts'
import type { ConformanceResult } from './result.ts'

/** Passes where every |got - expected| is at most atol + rtol |expected|; another length or shape never passes. */
export function compareArrays(
  quantity: string,
  got: NdArray,
  expected: NdArray,
  { atol, rtol = 0 }: { readonly atol: number; readonly rtol?: number },
): ConformanceResult {
  if (`${got.shape}` !== `${expected.shape}`) {
    return {
      quantity: `${quantity} ([${got.shape}] for [${expected.shape}])`,
      error: Number.NaN,
      tolerance: atol,
    }
  }
  let error = 0
  for (let i = 0; i < expected.data.length; i++) {
    const wanted = Number(expected.data[i])
    const excess = Math.abs(Number(got.data[i]) - wanted) - rtol * Math.abs(wanted)
    if (!(excess <= error)) error = excess
  }
  return { quantity, error, tolerance: atol }
}
