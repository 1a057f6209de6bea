// Products of matrices on the processor, with the same bits on any number of threads.

import type { NdArray } from '../base/index.ts'
import { openSession } from '../engine/index.ts'
import { emitModel, input, matmul } from '../graph/index.ts'

/** A product in use; close it when done. */
export interface Product {
  /** a^T b: `a` [inner, rows], `b` [inner, columns]. */
  run(a: NdArray<'f32'>, b: NdArray<'f32'>): Promise<NdArray<'f32'>>
  close(): Promise<void>
}

/** Opens a^T b; ONNX Runtime sums a transposed factor in the same steps on any number of threads. */
export async function openProduct(threads?: number): Promise<Product> {
  const [a, b] = [input('a', ['inner', 'rows']), input('b', ['inner', 'columns'])]
  const model = emitModel({ product: matmul(a, b, { transposeA: true }) }, { name: 'product' })
  const session = await openSession(model, { provider: 'cpu', threads })
  return {
    async run(a, b) {
      return (await session.run({ a, b })).product as NdArray<'f32'>
    },
    close: () => session.close(),
  }
}
