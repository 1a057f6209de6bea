// The heads of a study, one thread each: as many jobs at once as there are cores against one job, and the share of the
// matrix product's rate that they reach by processor time, opening and reading included. A study of 15 cells and 10 seeds has 150 heads of equal size; a few show the rate.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openRandom } from '../src/base/index.ts'
import { createNpy } from '../src/files/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { measureProcessorRate } from './gemm.ts'

const columns = 768

/** `study-heads`: heads a second with one job and with one for each core. */
export const studyHeads: BenchCase = {
  name: 'study-heads',
  about:
    'heads/s of a study on 20,000 x 768 embeddings: a job for each core against one job (goal 1.7x on 2)',
  async *run({ quick, heads: wanted }) {
    const cores = availableParallelism()
    const count = wanted ?? 2 * cores
    const epochs = quick ? 1 : 8
    const load = loadavg()[0]
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-heads-'))
    try {
      await writeEmbeddings(join(folder, 'train.npy'), quick ? 2_000 : 20_000)
      await writeEmbeddings(join(folder, 'val.npy'), quick ? 500 : 5_000)
      const ceiling = await measureProcessorRate()
      const lines: BenchLine[] = []
      for (const jobs of new Set([1, cores])) {
        const { seconds, work } = await trainHeads(folder, { heads: count, epochs, jobs })
        const line = { case: 'study-heads', peer: `eosin, ${jobs} at once`, threads: 1, unit: 'heads', load }
        const per_s = count / seconds
        const share =
          sum(work.map(({ gigaflops }) => gigaflops)) /
          sum(work.map(({ cpuSeconds }) => cpuSeconds)) /
          ceiling
        const ratio = lines.length > 0 ? { ratio: lines[0].median_s / seconds } : {}
        lines.push({ ...line, median_s: seconds, best_s: seconds, per_s, share, ...ratio })
      }
      yield* lines
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** What a job says of itself. */
interface JobWork {
  readonly gigaflops: number
  readonly cpuSeconds: number
}

/** Trains heads of different seeds, `jobs` processes sharing them, and gives the time until the last has ended. */
async function trainHeads(
  folder: string,
  { heads, epochs, jobs }: { heads: number; epochs: number; jobs: number },
): Promise<{ seconds: number; work: JobWork[] }> {
  const start = performance.now()
  const seedsOf = (job: number) =>
    Array.from({ length: heads }, (_, seed) => seed).filter((i) => i % jobs === job)
  const work = await Promise.all(
    Array.from({ length: jobs }, (_, job) => runJob(folder, epochs, seedsOf(job))),
  )
  return { seconds: (performance.now() - start) / 1000, work }
}

function runJob(folder: string, epochs: number, seeds: readonly number[]): Promise<JobWork> {
  const extension = extname(fileURLToPath(import.meta.url))
  const child = fileURLToPath(new URL(`./studyHeadsChild${extension}`, import.meta.url))
  const args = [...process.execArgv, child, folder, `${epochs}`, ...seeds.map(String)]
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  started.stdout.on('data', (part) => (text += part))
  return new Promise((resolve, reject) => {
    started.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as JobWork)
      else reject(new Error(`${child}: exit code ${code}`))
    })
  })
}

// Labels alternate by row; those of tumours are a little larger in 20 dimensions.
async function writeEmbeddings(path: string, rows: number): Promise<void> {
  const random = openRandom(0, 'bench', path.endsWith('train.npy') ? 'train' : 'val')
  const file = await createNpy(path, columns)
  const block = 500
  for (let first = 0; first < rows; first += block) {
    const values = new Float32Array(block * columns)
    for (let i = 0; i < values.length; i++) {
      const isMarked = Math.floor(i / columns) % 2 === 1 && i % columns < 20
      values[i] = 4 * random.uniform() - 2 + (isMarked ? 0.3 : 0)
    }
    await file.append(values)
  }
  await file.close()
}
