// A run's model on patches that it has never seen, as `eosin predict` runs it: reading, embedding and five heads, against the
// rate of the extractor alone on pixels that lie in memory.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openExtractor } from '../src/embed/index.ts'
import { openPatchSet } from '../src/patches/index.ts'
import { openModel } from '../src/study/index.ts'
import type { BenchCase } from './benchCase.ts'
import { makeChallengeData } from './challengeData.ts'
import { joinTimes, type Timed } from './measure.ts'
import { runCli } from './runCli.ts'

const name = 'predict'
const seeds = 5
const extractor = { name: 'dinov2-small', weights: 'random', resize: [98, 98], crop: false } as const

/** `predict`: ratio is the rate of predictions over that of the embeddings alone. */
export const predict: BenchCase = {
  name,
  takesDevice: true,
  about: 'patches/s of eosin predict with a ViT-S/14 and five heads, against the embedding alone (goal .9)',
  async *run({ repeats, quick, patches = quick ? 40 : 2_000, device = 'cpu' }) {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-predict-'))
    const place = { device, threads: availableParallelism() }
    const set = await openPatchSet(join(makeChallengeData(5 * patches), 'test.h5'))
    const model = await openModel(await runStudy(folder, device), place)
    const embed = await openExtractor(extractor, place)
    try {
      const batch = await set.read(Array.from({ length: Math.min(patches, 512) }, (_, row) => row))
      // Opens every session and process; those begin after some seconds of work.
      for (let i = 0; i < 2; i++) {
        await embed.embed(batch)
        await model.predict(set, () => {})
      }
      const rounds: Timed[] = []
      for (let round = 0; round < (quick ? 1 : repeats); round++) {
        const alone = (await secondsOf(() => embed.embed(batch))) / batch.count
        const whole = (await secondsOf(() => model.predict(set, () => {}))) / set.count
        rounds.push({ peer: 'eosin', threads: place.threads, seconds: [whole] })
        rounds.push({ peer: 'the embedding alone', threads: place.threads, seconds: [alone] })
      }
      const [whole, alone] = joinTimes(name, 'patches', 1, rounds)
      yield { ...whole, ratio: whole.per_s / alone.per_s }
      yield alone
    } finally {
      await embed.close()
      await model.close()
      await set.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

// The run of a small study whose cell has five heads.
async function runStudy(folder: string, device: string): Promise<string> {
  const recipe = join(folder, 'recipe.yaml')
  const data = makeChallengeData(400)
  await writeFile(
    recipe,
    `name: predict
seeds: ${seeds}
data: { train: { path: ${data}/train.h5 }, val: { path: ${data}/val.h5 }, test: { path: ${data}/test.h5 } }
stain: [none]
embed: [{ extractor: dinov2-small, weights: random, resize: [98, 98], crop: false }]
classify: [{ head: mlp, epochs: 1 }]
`,
  )
  const runs = join(folder, 'runs')
  runCli(['study', 'run', recipe, '--out', runs, '--device', device], {
    EOSIN_RATES: join(folder, 'rates.jsonl'),
  })
  return join(runs, 'predict')
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
