// The heads of a study, one thread each: as many jobs at once as there are cores against one job, from the start of
// `eosin study run` to its report, and the share of the matrix product's rate that the heads reach. A study of 15 cells and
// 10 seeds has 150 heads of equal size; a few show the rate.

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRandom } from '../src/base/index.ts'
import { headMethods } from '../src/classify/index.ts'
import { emitModel, input, reshape } from '../src/graph/index.ts'
import { createChallengeFile } from '../src/patches/index.ts'
import type { StageTiming } from '../src/runs/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { measureProcessorRate } from './gemm.ts'
import { runCli } from './runCli.ts'

// A patch of 16 x 16 pixels is its own embedding.
const side = 16
const columns = 3 * side ** 2

/** `study-heads`: heads a second with one job and with one for each core. */
export const studyHeads: BenchCase = {
  name: 'study-heads',
  about:
    'heads/s of a study on 20,000 x 768 embeddings: a job for each core against one job (goal 1.7x on 2)',
  async *run({ quick, heads: wanted }) {
    const cores = availableParallelism()
    const heads = wanted ?? 4 * cores
    const epochs = quick ? 1 : 8
    const rows = quick ? { train: 2_000, val: 500 } : { train: 20_000, val: 5_000 }
    const load = loadavg()[0]
    const data = await makeData(rows)
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-heads-'))
    try {
      const study = (out: string, classify: string, seeds: number, jobs: number) =>
        runStudy(folder, data, out, { classify, seeds, jobs })
      await writeFile(
        join(folder, 'pixels.onnx'),
        emitModel({ flat: reshape(input('pixels', ['patches', 3, side, side]), ['patches', columns]) }),
      )
      await study('made', 'knn', 1, 1) // hashes, filters and embeddings, which both then find
      const ceiling = await measureProcessorRate()
      const lines: BenchLine[] = []
      for (const jobs of new Set([1, cores])) {
        const out = `jobs-${jobs}`
        await cp(join(folder, 'made'), join(folder, out), { recursive: true })
        const mlp = `{ head: mlp, epochs: ${epochs}, patience: ${epochs} }`
        const { seconds, own } = await study(out, mlp, heads, jobs)
        const line = { case: 'study-heads', peer: `eosin, ${jobs} at once`, threads: 1, unit: 'heads', load }
        const share = (heads * countHeadWork(columns, rows, epochs)) / own / ceiling
        const ratio = lines.length > 0 ? { ratio: lines[0].median_s / seconds } : {}
        lines.push({
          ...line,
          median_s: seconds,
          best_s: seconds,
          per_s: heads / seconds,
          share,
          ...ratio,
        })
      }
      yield* lines
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Rows that a head is trained on and stopped by. */
export interface Rows {
  readonly train: number
  readonly val: number
}

/** Runs a study; gives its wall time and the seconds of its heads by themselves. */
async function runStudy(
  folder: string,
  data: string,
  out: string,
  { classify, seeds, jobs }: { classify: string; seeds: number; jobs: number },
): Promise<{ readonly seconds: number; readonly own: number }> {
  const recipe = join(folder, `${out}.yaml`)
  await writeFile(
    recipe,
    `name: heads
seeds: ${seeds}
data:
  train: { path: ${data}/train.h5 }
  val: { path: ${data}/val.h5 }
stain: [none]
embed: [{ extractor: "onnx:${folder}/pixels.onnx", label: pixels, mean: [0, 0, 0], std: [1, 1, 1] }]
classify: [${classify}]
`,
  )
  const place = ['--out', join(folder, out), '--device', 'cpu']
  const { seconds } = runCli(
    ['study', 'run', recipe, ...place, '--jobs', `${jobs}`, '--threads', `${jobs}`],
    { EOSIN_RATES: 'off' },
  )
  const timings = await readFile(join(folder, out, 'heads', 'timings.json'), 'utf8')
  const heads = (JSON.parse(timings) as StageTiming[]).filter(({ stage }) => stage.startsWith('classify '))
  return { seconds, own: heads.reduce((sum, head) => sum + head.seconds, 0) }
}

/**
 * Thousand million operations of the default head on embeddings of `columns` dimensions. Each pair of a weight's two sides costs
 * a multiplication and an addition a row: forwards, for the weight's gradient, and for the input's, which the first layer has no
 * use for. Val is gone through forwards after each epoch.
 */
export function countHeadWork(columns: number, { train, val }: Rows, epochs: number): number {
  const widths = [columns, ...headMethods.mlp.defaults.hidden, 1]
  const pairs = widths.slice(1).map((width, i) => width * widths[i])
  const forwards = pairs.reduce((sum, count) => sum + count, 0)
  return (2 * epochs * ((3 * forwards - pairs[0]) * train + forwards * val)) / 1e9
}

// Labels alternate by patch; tumours are a little lighter in 20 values. Kept in the temporary folder for the next run.
async function makeData(rows: Rows): Promise<string> {
  const data = join(tmpdir(), `eosin-bench-heads-${side}-${rows.train}`)
  if (existsSync(data)) return data
  await rm(`${data}.work`, { recursive: true, force: true })
  await mkdir(`${data}.work`, { recursive: true })
  for (const [center, [split, count]] of Object.entries(rows).entries()) {
    const file = await createChallengeFile(join(`${data}.work`, `${split}.h5`), { height: side, width: side })
    const random = openRandom(0, 'bench', split)
    for (let i = 0; i < count; i++) {
      const label = (i % 2) as 0 | 1
      const image = Uint8Array.from(
        { length: columns },
        (_, at) => 40 + random.integer(160) + (label === 1 && at < 20 ? 12 : 0),
      )
      file.append({ id: String(i), image, label, center, slide: Math.floor(i / 500) })
    }
    await file.close()
  }
  await rename(`${data}.work`, data)
  return data
}
