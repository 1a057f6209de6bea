// What cyclegan-step-96 measures of Eosin, in a process of its own so that its memory is its own.
// usage: cycleganStepChild.ts --threads N --repeats N --side N --width N --blocks N --device D. Prints one JSON line. The first step
// is not timed, as the peer's is not, nor the second, after which ONNX Runtime lays out its memory anew for all that follow.

import { parseArgs } from 'node:util'
import { f32, openRandom } from '../src/base/index.ts'
import type { ProviderName } from '../src/engine/index.ts'
import { patchGan, resnetGenerator } from '../src/models/index.ts'
import { cycleGan, openGanTraining } from '../src/train/index.ts'
import type { Timed } from './measure.ts'

const names = ['threads', 'repeats', 'side', 'width', 'blocks', 'device'] as const
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) })
const [threads, repeats, side, width, blocks] = names.map((name) => Number(values[name]))
const provider = values.device as ProviderName

const gan = cycleGan({ generator: resnetGenerator({ width, blocks }), discriminator: patchGan() })
const shape = [1, 3, side, side]
const training = await openGanTraining({ gan, shape, seed: 0, session: { provider, threads } })
const random = openRandom(0, 'bench')
const draw = () =>
  f32(
    shape,
    Float32Array.from({ length: 3 * side ** 2 }, () => 2 * random.uniform() - 1),
  )
const images = { A: draw(), B: draw() }
const untimed = 2
const seconds: number[] = []
for (let step = 1; step <= repeats + untimed; step++) {
  const start = performance.now()
  await training.step(images, { epoch: 1, step, learningRate: 2e-4 })
  seconds.push((performance.now() - start) / 1000)
}
await training.close()
const peak = process.resourceUsage().maxRSS / 1024
const times: Timed = { peer: 'eosin', threads, seconds: seconds.slice(untimed), peak_rss_mb: peak }
console.log(JSON.stringify(times))
