// `eosin study plan` of a large grid on large sets, whose hashes are in the cache already: what a user waits for before
// anything has begun.

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRandom } from '../src/base/index.ts'
import { createChallengeFile } from '../src/patches/index.ts'
import type { Cost } from '../src/tasks/index.ts'
import type { BenchCase } from './benchCase.ts'
import { runCli } from './runCli.ts'
import { tenStains } from './tenStains.ts'

/** `study-plan`: some 500 tasks on three splits of 100,000 tiny patches; with --quick of 5,000. */
export const studyPlan: BenchCase = {
  name: 'study-plan',
  about: 'planning 500 tasks on three splits of 100,000 patches, hashes cached',
  async *run({ repeats, quick }) {
    const patches = quick ? 5_000 : 100_000
    const data = await makeData(patches)
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-plan-'))
    try {
      await writeFile(join(folder, 'recipe.yaml'), writeRecipe(data))
      const rates = join(folder, 'rates.jsonl')
      const env = { XDG_CACHE_HOME: join(folder, 'cache'), EOSIN_RATES: rates }
      const place = ['--out', join(folder, 'runs'), '--device', 'cpu', '--json']
      const plan = () => runCli(['study', 'plan', join(folder, 'recipe.yaml'), ...place], env)
      const first = plan()
      const { steps } = JSON.parse(first.stdout) as { steps: readonly { readonly cost: Cost }[] }
      await writeFile(rates, steps.map(({ cost }) => inventRate(cost)).join(''))
      const seconds = Array.from({ length: repeats }, () => plan().seconds).sort((a, b) => a - b)
      const line = (peer: string, sorted: readonly number[]) => {
        const median = sorted[sorted.length >> 1]
        const rate = { median_s: median, best_s: sorted[0], unit: 'tasks', per_s: steps.length / median }
        return { case: 'study-plan', peer, threads: 1, ...rate }
      }
      yield line(`eosin, first time, ${patches}`, [first.seconds])
      yield line(`eosin, again, ${patches}`, seconds)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

// As if every task had been done once.
function inventRate({ class: name, size, items, usesThreads }: Cost): string {
  const cost = { seconds: 1, peakRssMb: 200, bytes: 1000, threads: usesThreads ? 1 : null }
  return `${JSON.stringify({ class: name, size, items, ...cost, at: '2026-01-01T00:00:00.000Z' })}\n`
}

// Making it takes a minute: it is kept in the temporary folder for the next run.
async function makeData(patches: number): Promise<string> {
  const data = join(tmpdir(), `eosin-bench-tiny-${patches}`)
  if (existsSync(data)) return data
  await mkdir(`${data}.work`, { recursive: true })
  for (const [split, centers] of Object.entries({ train: [0, 3, 4], val: [1], test: [2] })) {
    const file = await createChallengeFile(join(`${data}.work`, `${split}.h5`), { height: 8, width: 8 })
    const random = openRandom(0, split)
    for (let i = 0; i < patches; i++) {
      const image = Uint8Array.from({ length: 192 }, () => random.integer(256))
      const slide = Math.floor(i / 1000)
      file.append({ id: String(i), image, label: i % 2, center: centers[i % centers.length], slide })
    }
    await file.close()
  }
  await rename(`${data}.work`, data)
  return data
}

const writeRecipe = (data: string) => `name: plan
seeds: 4
data:
  train: { path: ${data}/train.h5 }
  val: { path: ${data}/val.h5 }
  test: { path: ${data}/test.h5 }
${tenStains}augment: [none, { stain: concentration, views: 2 }, { stain: hed, views: 2 }, { flips: true, views: 2 }]
embed: [texture]
classify: [logistic, knn, mlp]
`
