// Whole steps of CycleGAN against PyTorch, in alternation, so that both meet the same machine: both generators, then
// both discriminators, at the reference's size (ResNet-9, 64 channels) and batch 1. Peak memory is each one's own, as
// each is measured in a process of its own.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BenchCase } from './benchCase.ts'
import { chooseRuns, compareLines, joinTimes, type Timed } from './measure.ts'

const child = fileURLToPath(new URL('./cycleganStepChild.ts', import.meta.url))
const side = 96
const stepsPerRound = 3

/** `cyclegan-step-96`: training steps a second, with 1 and 2 threads each. */
export const cycleganStep: BenchCase = {
  name: 'cyclegan-step-96',
  takesDevice: true,
  about: 'CycleGAN steps/s, ResNet-9 with 64 channels, 96 px, batch 1, against PyTorch',
  async *run({ repeats, quick, device }) {
    const { provider, threads: counts, hasPeer } = chooseRuns(device)
    const form = quick ? { width: 8, blocks: 2 } : { width: 64, blocks: 9 }
    const all: Timed[] = []
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of quick ? [1] : counts) {
        const flags = Object.entries({ threads, repeats: stepsPerRound, side, ...form })
        const options = flags.flatMap(([name, value]) => [`--${name}`, `${value}`])
        const own = measure(process.execPath, [...process.execArgv, child, ...options, '--device', provider])
        const peer = hasPeer
          ? measure('/usr/bin/python3', ['bench/peers/cyclegan_torch.py', ...options])
          : undefined
        all.push(...[own, peer].filter((times) => times !== undefined))
      }
    }
    yield* compareLines(joinTimes(cycleganStep.name, 'steps', 1, all))
  },
}

// undefined where the command fails: Debian's PyTorch may not be installed.
function measure(command: string, options: readonly string[]): Timed | undefined {
  const { status, stdout, stderr } = spawnSync(command, options, { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').pop()!)
  if (command === process.execPath) throw new Error(stderr)
  return undefined
}
