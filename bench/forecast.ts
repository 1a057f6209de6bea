// How near a forecast comes: the demo is run, another study is forecast from what it cost, then run and timed. Once with
// nothing but a sample to go by, too.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { runCli } from './runCli.ts'

/** `forecast`: ratio is forecast over outcome; the goal is 0.67 to 1.5. */
export const forecast: BenchCase = {
  name: 'forecast',
  about: 'a study forecast from the demo and from a sample, and what it took; ratio forecast / outcome',
  async *run({ quick }) {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-forecast-'))
    const jobs = 2
    try {
      const at = (name: string) => join(folder, name)
      const data = at('data')
      const counts = quick ? [240, 80, 80] : [1800, 600, 600]
      const sizes = ['--train', '--val', '--test'].flatMap((split, i) => [split, String(counts[i])])
      runCli(['patches', 'make', data, '--test-labels', ...sizes])
      await writeFile(at('recipe.yaml'), writeRecipe(data))
      const measured = { EOSIN_RATES: at('measured.jsonl') }
      runCli(['demo', '--out', at('demo'), '--patches', quick ? '300' : '1500'], measured)
      const study = (rates: NodeJS.ProcessEnv, out: string) => {
        const where = [at('recipe.yaml'), '--out', at(out), '--device', 'cpu', '--jobs', String(jobs)]
        const { stdout } = runCli(['study', 'plan', ...where, '--json'], rates)
        const plan = (JSON.parse(stdout) as { forecast: { seconds: number; bytes: number } }).forecast
        return { plan, run: runCli(['study', 'run', ...where], rates) }
      }
      for (const [name, rates] of [
        ['a sample', { EOSIN_RATES: at('sampled.jsonl') }],
        ['the demo', measured],
      ] as const) {
        const { plan, run } = study(rates, name)
        const line = (peer: string, seconds: number): BenchLine => ({
          case: 'forecast',
          peer,
          threads: jobs,
          median_s: seconds,
          best_s: seconds,
          unit: 'studies',
          per_s: 1 / seconds,
        })
        yield {
          ...line(`forecast from ${name}: ${plan.seconds.toFixed(1)} s`, plan.seconds),
          ratio: plan.seconds / run.seconds,
        }
        const load = loadavg()[0].toFixed(1)
        yield line(`outcome: ${run.seconds.toFixed(1)} s, load ${load}`, run.seconds)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

// Other patches than the demo's, as many again, and a head and a stain more.
const writeRecipe = (data: string) => `name: forecast
seeds: 2
data:
  train: { path: ${data}/train.h5 }
  val: { path: ${data}/val.h5 }
  test: { path: ${data}/test.h5 }
stain: [macenko, reinhard]
embed: [texture]
classify: [mlp, logistic]
`
