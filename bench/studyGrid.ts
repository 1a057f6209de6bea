// A study of four stains and two extractors, from nothing to its report, as many tasks at once as there are cores: the wall
// time against the time of its tasks shared out evenly, and how often a patch is normalised by the costly method.

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StageTiming } from '../src/runs/index.ts'
import type { BenchCase } from './benchCase.ts'
import { runCli } from './runCli.ts'

/** `study-grid`: ratio is wall time over the tasks' own time on all cores. */
export const studyGrid: BenchCase = {
  name: 'study-grid',
  about:
    '4 stains x 2 extractors on 20,000 patches: wall time over the tasks own time on all cores (goal 1.1)',
  async *run({ quick, patches = quick ? 600 : 20_000 }) {
    const data = await makeData(patches)
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-grid-'))
    const load = loadavg()[0]
    const cores = availableParallelism()
    try {
      await writeFile(join(folder, 'recipe.yaml'), writeRecipe(data, await writeNetwork(folder)))
      const env = { EOSIN_RATES: join(data, 'rates.jsonl') } // what an earlier call took decides which tasks come first
      const place = [join(folder, 'recipe.yaml'), '--out', join(folder, 'runs'), '--device', 'cpu']
      const stained = countStained(runCli(['study', 'plan', ...place, '--json'], env).stdout)
      const { seconds } = runCli(['study', 'run', ...place, '--jobs', String(cores)], env)
      const timings = await readFile(join(folder, 'runs', 'grid', 'timings.json'), 'utf8')
      const own = (JSON.parse(timings) as StageTiming[]).reduce((sum, task) => sum + task.seconds, 0) / cores
      const line = (peer: string, time: number) => {
        return { case: 'study-grid', peer, threads: cores, median_s: time, best_s: time }
      }
      const rate = (time: number) => ({ unit: 'patches', per_s: patches / time })
      yield {
        ...line(`wall time ${seconds.toFixed(1)} s`, seconds),
        ...rate(seconds),
        ratio: seconds / own,
        load,
      }
      yield { ...line(`tasks, shared out ${own.toFixed(1)} s`, own), ...rate(own) }
      yield {
        ...line(`by vahadane ${stained} of ${patches}`, seconds),
        unit: 'times',
        per_s: stained / seconds,
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

interface Step {
  readonly stage: string
  readonly what: string
  readonly items: number
  readonly key: string
  readonly needs: readonly string[]
}

// Patches that tasks normalise by the costly method: to keep them, or to embed them where they are not kept.
function countStained(plan: string): number {
  const { steps } = JSON.parse(plan) as { readonly steps: readonly Step[] }
  const kept = new Set(steps.filter(({ stage }) => stage === 'pixels').map(({ key }) => key))
  return steps
    .filter(({ what }) => what.startsWith('vahadane'))
    .filter(
      ({ stage, needs }) => stage === 'pixels' || (stage === 'embed' && !needs.some((key) => kept.has(key))),
    )
    .reduce((sum, { items }) => sum + items, 0)
}

// Drawing 20,000 patches takes minutes: they are kept in the temporary folder for the next run.
async function makeData(patches: number): Promise<string> {
  const data = join(tmpdir(), `eosin-bench-grid-patches-${patches}`)
  if (existsSync(data)) return data
  const counts = ['--train', patches * 0.6, '--val', patches * 0.2, '--test', patches * 0.2].map(String)
  await rm(`${data}.work`, { recursive: true, force: true })
  await mkdir(`${data}.work`, { recursive: true })
  runCli(['patches', 'make', join(`${data}.work`, 'sets'), '--test-labels', ...counts])
  await rename(`${data}.work`, data)
  return data
}

// The card of a small ViT, about a twelfth of a ViT-S/14.
async function writeNetwork(folder: string): Promise<string> {
  const card = join(folder, 'small.json')
  const text = JSON.stringify({
    title: 'small',
    naming: 'timm',
    architecture: {
      width: 192,
      depth: 4,
      heads: 3,
      patchSize: 14,
      imageSize: 98,
      mlp: { kind: 'gelu', hidden: 768 },
      registers: 0,
      positions: 'patches',
    },
    preprocessing: { resize: { side: 98 } },
  })
  await writeFile(card, text)
  return card
}

const writeRecipe = (data: string, card: string) => `name: grid
seeds: 2
data:
  train: { path: ${data}/sets/train.h5 }
  val: { path: ${data}/sets/val.h5 }
  test: { path: ${data}/sets/test.h5 }
stain: [none, reinhard, macenko, vahadane]
embed: [texture, { extractor: "vit:${card}", label: small, weights: random }]
classify: [logistic, mlp]
`
