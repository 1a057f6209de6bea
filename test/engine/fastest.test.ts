import { describe, expect, it } from 'vitest'
import { EngineError, f32 } from '../../src/base/index.ts'
import { openFastest } from '../../src/engine/index.ts'
import { emitModel, input, matmul } from '../../src/graph/index.ts'

const x = input('x', [3, 4])
const model = emitModel({ y: matmul(x, input('w', [4, 2])) })
const w = f32([4, 2], [1, 2, 3, 4, 5, 6, 7, 8])

describe('a session on the number of threads that is fastest', () => {
  it.each([1, 2, 5])('gives the same while it looks for it and after (at most %i)', async (threads) => {
    const session = await openFastest(model, { provider: 'cpu', threads })
    for (let run = 0; run < 30; run++) {
      const { y } = await session.run({ x: f32([3, 4], new Float32Array(12).fill(run)), w })
      expect([...y.data]).toEqual([16, 20, 16, 20, 16, 20].map((value) => value * run))
    }
    await session.close()
  })

  it('closes all it opened where it is closed before it has chosen, and tells of wrong models', async () => {
    const session = await openFastest(model, { provider: 'cpu', threads: 4 })
    await session.run({ x: f32([3, 4]), w })
    await session.close()
    await expect(openFastest(Uint8Array.of(1, 2, 3), { provider: 'cpu' })).rejects.toThrow(EngineError)
  })
})
