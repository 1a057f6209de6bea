// Epochs of the paper's head against PyTorch, in alternation, so that both meet the same machine. Eosin's are
// whole epochs of trainModel: order, gathering, masks, graph, update, and validation on one batch besides.

import { spawnSync } from 'node:child_process'
import { f32, openRandom } from '../src/base/index.ts'
import { mlp } from '../src/models/index.ts'
import { adamW, bceWithLogits } from '../src/nn/index.ts'
import { type Samples, trainModel } from '../src/train/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'

const columns = 768
const batchSize = 256
const epochsPerRound = 3

/** `mlp-epoch`: rows a second of training, with 1 and 2 threads each. */
export const mlpEpoch: BenchCase = {
  name: 'mlp-epoch',
  about: 'training rows/s of the head 768-512-256-128-1, batch 256, AdamW, against PyTorch',
  async *run({ repeats, quick }) {
    const rows = quick ? 2_560 : 20_000
    const times = new Map<string, { peer: string; threads: number; seconds: number[] }>()
    const note = (peer: string, threads: number, seconds: readonly number[]) => {
      const known = times.get(`${peer} ${threads}`)
      if (known) known.seconds.push(...seconds)
      else times.set(`${peer} ${threads}`, { peer, threads, seconds: [...seconds] })
    }
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of [1, 2]) {
        note('eosin', threads, await timeEosin(rows, threads))
        const peer = timePeer(rows, threads)
        if (peer) note(peer.peer, threads, peer.seconds)
      }
    }
    yield* compareLines([...times.values()].map((item) => describeTimes(item, rows)))
  },
}

async function timeEosin(rows: number, threads: number): Promise<number[]> {
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
    session: { provider: 'cpu', threads },
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

// undefined where Debian's PyTorch is not installed. `threads` are torch's own: its BLAS takes every core either
// way, which is faster than limiting it.
function timePeer(rows: number, threads: number): { peer: string; seconds: number[] } | undefined {
  const options = ['--threads', threads, '--repeats', epochsPerRound, '--rows', rows].map(String)
  const { status, stdout } = spawnSync(
    '/usr/bin/python3',
    ['bench/peers/torch_peer.py', 'mlp-epoch', ...options],
    {
      encoding: 'utf8',
    },
  )
  return status === 0 ? JSON.parse(stdout) : undefined
}

function describeTimes(item: { peer: string; threads: number; seconds: number[] }, rows: number): BenchLine {
  const sorted = item.seconds.toSorted((a, b) => a - b)
  const median = sorted[sorted.length >> 1]
  const { peer, threads } = item
  return {
    case: 'mlp-epoch',
    peer,
    threads,
    median_s: median,
    best_s: sorted[0],
    unit: 'rows',
    per_s: rows / median,
  }
}

// Eosin's best line carries the ratio to the peer's best, whatever the threads.
function compareLines(lines: readonly BenchLine[]): BenchLine[] {
  const sorted = lines.toSorted((a, b) => b.per_s - a.per_s)
  const best = sorted.find(({ peer }) => peer === 'eosin')!
  const rival = sorted.find(({ peer }) => peer !== 'eosin')
  return sorted.map((line) => (line === best && rival ? { ...line, ratio: line.per_s / rival.per_s } : line))
}
