// `eosin study run` of a study whose tasks are all in the cache: what a run costs beside its tasks, from the start to the
// report.

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCase } from './benchCase.ts'
import { runCli } from './runCli.ts'
import { tenStains } from './tenStains.ts'

/** `study-cached`: some 500 tasks; with --quick some 50. */
export const studyCached: BenchCase = {
  name: 'study-cached',
  about: 'running a study of 500 tasks again, all of them cached, start to report (goal < 5 s)',
  async *run({ repeats, quick }) {
    const folder = join(tmpdir(), `eosin-bench-cached-${quick ? 'quick' : 'full'}`)
    const env = { EOSIN_RATES: join(folder, 'rates.jsonl') }
    const recipe = await makeStudy(folder, quick)
    const place = [recipe, '--out', join(folder, 'runs'), '--device', 'cpu']
    const first = runCli(['study', 'run', ...place], env) // what an earlier call made is there
    const { stdout } = runCli(['study', 'plan', ...place, '--json'], env)
    const { steps } = JSON.parse(stdout) as { steps: readonly { cached: boolean }[] }
    if (!steps.every(({ cached }) => cached)) throw new Error('study-cached: not all tasks are cached')
    const seconds = Array.from({ length: repeats }, () => runCli(['study', 'run', ...place], env).seconds)
    const line = (peer: string, times: readonly number[]) => {
      const sorted = times.toSorted((a, b) => a - b)
      const median = sorted[sorted.length >> 1]
      const rate = { median_s: median, best_s: sorted[0], unit: 'tasks', per_s: steps.length / median }
      return { case: 'study-cached', peer, threads: 1, ...rate }
    }
    yield line(`eosin, first, ${first.seconds.toFixed(2)} s`, [first.seconds])
    const again = line('', seconds)
    yield { ...again, peer: `eosin, cached, ${again.median_s.toFixed(2)} s` }
  },
}

// Its tasks take minutes: data and cache are kept in the temporary folder for the next run.
async function makeStudy(folder: string, quick: boolean): Promise<string> {
  const data = join(folder, 'data')
  await mkdir(folder, { recursive: true })
  if (!existsSync(data))
    runCli(['patches', 'make', data, '--test-labels', '--train', '180', '--val', '60', '--test', '60'])
  const recipe = join(folder, 'recipe.yaml')
  await writeFile(recipe, writeRecipe(data, quick ? 1 : 18))
  return recipe
}

const writeRecipe = (data: string, seeds: number) => `name: cached
seeds: ${seeds}
data:
  train: { path: ${data}/train.h5 }
  val: { path: ${data}/val.h5 }
  test: { path: ${data}/test.h5 }
${tenStains}embed: [texture]
classify: [logistic, knn, { head: mlp, epochs: 2 }, { head: mlp, label: plain, epochs: 2, dropout: 0 }]
`
