// The heads of Table 1 on cached embeddings: 15 cells, 10 seeds, 100,000 x 1,024. One head on a tenth of the rows, one thread,
// against its operations at the measured rate of the matrix product.

import { f32, openRandom } from '../src/base/index.ts'
import { headMethods } from '../src/classify/index.ts'
import type { BenchCase } from './benchCase.ts'
import { measureProcessorRate } from './gemm.ts'
import { countHeadWork } from './studyHeads.ts'

const columns = 1024
const wholeGrid = 15 * 10

/** `head-grid`: ratio is the time of a head over that of its operations; the second line is the grid scaled from it, on one thread. */
export const headGrid: BenchCase = {
  name: 'head-grid',
  about:
    'a head of Table 1 on 10,000 x 1,024 embeddings against its operations at the rate of gemm (goal 1.5)',
  async *run({ repeats, quick }) {
    const rows = quick ? { train: 1_000, val: 400 } : { train: 10_000, val: 3_500 }
    const epochs = quick ? 1 : 8
    const { mlp } = headMethods
    const train = drawRows(rows.train, 'train')
    const val = drawRows(rows.val, 'val')
    const rate = await measureProcessorRate()
    const seconds: number[] = []
    for (let seed = 0; seed < repeats; seed++) {
      const own = { ...train, x: f32(train.x.shape, train.x.data.slice()) } // is standardised in place
      const options = { ...mlp.defaults, epochs, patience: epochs }
      const begun = performance.now()
      await mlp.fit(own, val, options, seed, { threads: 1 })
      seconds.push((performance.now() - begun) / 1000)
    }
    const sorted = seconds.toSorted((a, b) => a - b)
    const median = sorted[sorted.length >> 1]
    const floor = countHeadWork(columns, rows, epochs) / rate
    const line = { case: 'head-grid', threads: 1, unit: 'heads' }
    yield {
      ...line,
      peer: `eosin, ${epochs} epochs`,
      median_s: median,
      best_s: sorted[0],
      per_s: 1 / median,
      ratio: median / floor,
      share: floor / median,
    }
    const scale = (wholeGrid * 100_000) / rows.train
    const [whole, best] = [scale * median, scale * sorted[0]]
    yield {
      ...line,
      peer: 'scaled to 150 heads of 100,000',
      median_s: whole,
      best_s: best,
      per_s: wholeGrid / whole,
    }
  },
}

// Labels alternate; tumours are a little further along in 20 dimensions.
function drawRows(count: number, name: string) {
  const random = openRandom(0, 'bench head grid', name)
  const x = f32([count, columns])
  const y = Uint8Array.from({ length: count }, (_, row) => row % 2)
  for (let i = 0; i < x.data.length; i++) {
    const row = Math.floor(i / columns)
    x.data[i] = random.normal() + (y[row] === 1 && i % columns < 20 ? 0.2 : 0)
  }
  return { x, y }
}
