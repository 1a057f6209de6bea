// Whole steps of CycleGAN against PyTorch, in alternation, so that both meet the same machine: both generators, then
// both discriminators, at the reference's size (ResNet-9, 64 channels) and batch 1. Peak memory is each one's own, as
// each is measured in a process of its own.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BenchCase, BenchLine } from './benchCase.ts'

/** What a measured process prints. */
export interface Times {
  readonly peer: string
  readonly threads: number
  readonly seconds: readonly number[]
  readonly peak_rss_mb: number
}

const child = fileURLToPath(new URL('./cycleganStepChild.ts', import.meta.url))
const side = 96
const stepsPerRound = 2

/** `cyclegan-step-96`: training steps a second, with 1 and 2 threads each. */
export const cycleganStep: BenchCase = {
  name: 'cyclegan-step-96',
  about: 'CycleGAN steps/s, ResNet-9 with 64 channels, 96 px, batch 1, against PyTorch',
  async *run({ repeats, quick }) {
    const form = quick ? { width: 8, blocks: 2 } : { width: 64, blocks: 9 }
    const all: Times[] = []
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of quick ? [1] : [1, 2]) {
        const flags = Object.entries({ threads, repeats: stepsPerRound, side, ...form })
        const options = flags.flatMap(([name, value]) => [`--${name}`, `${value}`])
        const own = measure(process.execPath, [...process.execArgv, child, ...options])
        const peer = measure('/usr/bin/python3', ['bench/peers/cyclegan_torch.py', ...options])
        all.push(...[own, peer].filter((times) => times !== undefined))
      }
    }
    yield* compareLines(joinRounds(all))
  },
}

// undefined where the command fails: Debian's PyTorch may not be installed.
function measure(command: string, options: readonly string[]): Times | undefined {
  const { status, stdout, stderr } = spawnSync(command, options, { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').pop()!)
  if (command === process.execPath) throw new Error(stderr)
  return undefined
}

function joinRounds(all: readonly Times[]): BenchLine[] {
  const nameOf = ({ peer, threads }: Times) => `${peer} ${threads}`
  return [...new Set(all.map(nameOf))].map((name) => {
    const rounds = all.filter((times) => nameOf(times) === name)
    const sorted = rounds.flatMap(({ seconds }) => seconds).toSorted((a, b) => a - b)
    const median = sorted[sorted.length >> 1]
    return {
      case: cycleganStep.name,
      peer: rounds[0].peer,
      threads: rounds[0].threads,
      median_s: median,
      best_s: sorted[0],
      unit: 'steps',
      per_s: 1 / median,
      peak_rss_mb: Math.max(...rounds.map((round) => round.peak_rss_mb)),
    }
  })
}

// Eosin's best line carries the ratio to the peer's best, whatever the threads.
function compareLines(lines: readonly BenchLine[]): BenchLine[] {
  const sorted = lines.toSorted((a, b) => b.per_s - a.per_s)
  const best = sorted.find(({ peer }) => peer === 'eosin')!
  const rival = sorted.find(({ peer }) => peer !== 'eosin')
  return sorted.map((line) => (line === best && rival ? { ...line, ratio: line.per_s / rival.per_s } : line))
}
