import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../src/base/index.ts'
import { openTorchPickle } from '../../src/files/torchPickle.ts'

async function readAll(name: string) {
  const path = `fixtures/torch/${name}`
  const file = await openTorchPickle(path)
  const bytes = readFileSync(path)
  const read: Record<string, { shape: readonly number[]; values: number[] }> = {}
  const placed: string[] = []
  for (const [tensor, { shape, stored }] of file.tensors) {
    const { data } = await file.read(tensor)
    read[tensor] = { shape, values: Array.from(data as Float32Array, Number) }
    const at = await file.place(tensor)
    if (at === null || stored !== 'f32' || sizeOf(shape) === 0) continue
    const there = new Float32Array(new Uint8Array(bytes.subarray(at, at + 4 * sizeOf(shape))).buffer)
    expect(there, tensor).toEqual(data)
    placed.push(tensor)
  }
  await file.close()
  return { read, placed, refused: [...file.refused] }
}

describe('the format of torch.save before 1.6', () => {
  it('gives views, strides and shared storages as PyTorch has them, in place where they lie whole', async () => {
    const { read, placed, refused } = await readAll('legacy_views.pt')
    expect(read).toEqual({
      whole: { shape: [4, 3], values: [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5] },
      row: { shape: [3], values: [3, 3.5, 4] },
      transposed: { shape: [3, 4], values: [0, 1.5, 3, 4.5, 0.5, 2, 3.5, 5, 1, 2.5, 4, 5.5] },
      column: { shape: [3], values: [2, 3.5, 5] },
      alone: { shape: [3], values: [0, 1, 2] },
      half: { shape: [2], values: [0, 0.5] },
      empty: { shape: [0, 4], values: [] },
    })
    expect(placed).toEqual(['whole', 'row'])
    // A storage of another type does not hide those behind it.
    expect(refused).toEqual([['phase', 'torch.ComplexFloatStorage']])
  })

  it('reads storages that are parts of others, as before 0.4', async () => {
    const { read } = await readAll('legacy_part.pt')
    expect(read).toEqual({ weight: { shape: [3], values: [3, 4, 5] } })
  })
})
