// The matrix product that everything heavy is made of: 2048 x 2048 in float32, the engine's against PyTorch's. Its
// rate is the ceiling that other cases give their share of.

import { f32, openRandom } from '../src/base/index.ts'
import { openSession } from '../src/engine/index.ts'
import { emitModel, input, matmul } from '../src/graph/index.ts'
import type { BenchCase } from './benchCase.ts'
import { compareLines, joinTimes, repeatTimed, type Timed, timeTorch } from './measure.ts'

const side = 2048
/** Thousand million operations of the product. */
export const gigaflops = (2 * side ** 3) / 1e9

/** `gemm`: GFLOP/s with 1 and 2 threads each. */
export const gemm: BenchCase = {
  name: 'gemm',
  about: 'GFLOP/s of a float32 product of 2048 x 2048 matrices, against PyTorch',
  async *run({ repeats, quick }) {
    const rounds: Timed[] = []
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of [1, 2]) {
        rounds.push({ peer: 'eosin', threads, seconds: await timeProduct(threads) })
        rounds.push(
          ...[timeTorch('gemm', threads, ['--repeats', '3'])].filter((times) => times !== undefined),
        )
      }
    }
    yield* compareLines(joinTimes('gemm', 'GFLOP', gigaflops, rounds))
  },
}

/** Seconds of the engine's product, three repeats. */
export function timeProduct(threads: number): Promise<number[]> {
  return useProduct(threads, (run) => repeatTimed(3, run))
}

/** GFLOP a second of processor time on one thread, the best of five products: what other work disturbs least. */
export function measureProcessorRate(): Promise<number> {
  return useProduct(1, async (run) => {
    const seconds: number[] = []
    for (let i = 0; i < 6; i++) {
      const before = process.cpuUsage()
      await run()
      const { user, system } = process.cpuUsage(before)
      seconds.push((user + system) / 1e6)
    }
    return gigaflops / Math.min(...seconds.slice(1)) // the first run warms up
  })
}

async function useProduct<T>(
  threads: number,
  measure: (run: () => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const random = openRandom(0, 'bench gemm')
  const draw = () =>
    f32(
      [side, side],
      Float32Array.from({ length: side * side }, () => 2 * random.uniform() - 1),
    )
  const [x, y] = ['x', 'y'].map((name) => input(name, [side, side]))
  const session = await openSession(emitModel({ z: matmul(x, y) }), { provider: 'cpu', threads })
  const feeds = { x: draw(), y: draw() }
  const into = { z: f32([side, side]) }
  try {
    return await measure(() => session.run(feeds, into))
  } finally {
    await session.close()
  }
}

/** GFLOP/s of the engine's product at its best of three repeats. */
export async function measureCeiling(threads: number): Promise<number> {
  return gigaflops / Math.min(...(await timeProduct(threads)))
}
