// Epochs of the paper's head against PyTorch, in alternation, so that both meet the same machine. Eosin's are
// whole epochs of trainModel: order, gathering, masks, graph, update, and validation on one batch besides.

import { f32, openRandom } from '../src/base/index.ts'
import type { ProviderName } from '../src/engine/index.ts'
import { mlp } from '../src/models/index.ts'
import { adamW, bceWithLogits } from '../src/nn/index.ts'
import { type Samples, trainModel } from '../src/train/index.ts'
import type { BenchCase } from './benchCase.ts'
import { chooseRuns, compareLines, joinTimes, type Timed, timeTorch } from './measure.ts'

const columns = 768
const batchSize = 256
const epochsPerRound = 3

/** `mlp-epoch`: rows a second of training, with 1 and 2 threads each. */
export const mlpEpoch: BenchCase = {
  name: 'mlp-epoch',
  takesDevice: true,
  about: 'training rows/s of the head 768-512-256-128-1, batch 256, AdamW, against PyTorch',
  async *run({ repeats, quick, device }) {
    const { provider, threads: counts, hasPeer } = chooseRuns(device)
    const rows = quick ? 2_560 : 20_000
    const rounds: Timed[] = []
    // The threads are torch's own: its BLAS takes every core either way, which is faster than limiting it.
    const peerOptions = ['--repeats', `${epochsPerRound}`, '--rows', `${rows}`]
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of counts) {
        rounds.push({ peer: 'eosin', threads, seconds: await timeEosin(rows, threads, provider) })
        const peer = hasPeer && timeTorch('mlp-epoch', threads, peerOptions)
        if (peer) rounds.push(peer)
      }
    }
    yield* compareLines(joinTimes('mlp-epoch', 'rows', rows, rounds))
  },
}

async function timeEosin(rows: number, threads: number, provider: ProviderName): Promise<number[]> {
  const train = drawSamples(rows)
  const seconds: number[] = []
  let last = performance.now()
  await trainModel({
    model: mlp({ inputs: columns, hidden: [512, 256, 128], dropout: [0.5, 0.5] }),
    train,
    val: drawSamples(batchSize),
    loss: bceWithLogits,
    optimizer: adamW(),
    batchSize,
    epochs: epochsPerRound + 1,
    seed: 0,
    session: { provider, threads },
    progress() {
      const now = performance.now()
      seconds.push((now - last) / 1000)
      last = now
    },
  })
  return seconds.slice(1) // the first epoch opens sessions and warms up, as the peer's does
}

function drawSamples(rows: number): Samples {
  const random = openRandom(0, 'bench', rows)
  const x = f32([rows, columns])
  for (let i = 0; i < x.data.length; i++) x.data[i] = 4 * random.uniform() - 2
  return {
    x,
    y: f32(
      [rows, 1],
      Array.from({ length: rows }, () => random.integer(2)),
    ),
  }
}
