// How near a forecast comes: the demo is run, another study is forecast from what it cost, then run and timed. Once with
// nothing but a sample to go by, too.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCase, BenchLine } from './benchCase.ts'

const cli = 'dist/cli/main.js'

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
      eosin(['patches', 'make', data, '--test-labels', ...sizes], {})
      await writeFile(at('recipe.yaml'), writeRecipe(data))
      const measured = { EOSIN_RATES: at('measured.jsonl') }
      eosin(['demo', '--out', at('demo'), '--patches', quick ? '300' : '1500'], measured)
      const study = (rates: object, out: string) => {
        const where = [at('recipe.yaml'), '--out', at(out), '--device', 'cpu', '--jobs', String(jobs)]
        const { stdout } = eosin(['study', 'plan', ...where, '--json'], rates)
        const plan = (JSON.parse(stdout) as { forecast: { seconds: number; bytes: number } }).forecast
        return { plan, run: eosin(['study', 'run', ...where], rates) }
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
        yield line(`outcome: ${run.seconds.toFixed(1)} s`, run.seconds)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function eosin(args: readonly string[], env: object): { readonly seconds: number; readonly stdout: string } {
  if (!existsSync(cli)) throw new Error(`${cli} is not there: npm run build`)
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`eosin ${args.join(' ')}: ${stderr}`)
  return { seconds: (performance.now() - start) / 1000, stdout }
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
