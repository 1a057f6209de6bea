// Stain normalisation of synthetic patches on one thread: Macenko and Reinhard against plain numpy at
// torchstain's cost, Vahadane by itself. Eosin's own way and torchstain's formula are both measured. Seconds are CPU
// time, which a busy machine disturbs least; worker threads are measured by the clock, two against one.

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Pixels, pixels, pixelsAt } from '../src/base/index.ts'
import { type FittedStain, openStainWorkers } from '../src/normalise/index.ts'
import { type Compatibility, type StainFit, type StainMethod, stainMethods } from '../src/stain/index.ts'
import { completeSyntheticOptions, renderSyntheticBatch } from '../src/synthetic/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'

type Name = 'macenko' | 'reinhard' | 'vahadane'
type Method = StainMethod<Record<string, unknown>, StainFit>

/** `stain-macenko-96`, `stain-macenko-1024`, `stain-reinhard-96`, `stain-reinhard-1024`, `stain-vahadane-96`. */
export const stainCases: readonly BenchCase[] = [
  stainCase('macenko', 96),
  stainCase('macenko', 1024),
  stainCase('reinhard', 96),
  stainCase('reinhard', 1024),
  stainCase('vahadane', 96),
]

function stainCase(method: Name, side: number): BenchCase {
  const peer = method === 'vahadane' ? '' : ', against numpy at the cost of torchstain'
  return {
    name: `stain-${method}-${side}`,
    about: `${method} of ${side}-pixel patches, patches/s on one thread${peer}`,
    async *run({ repeats, quick }) {
      const count = side > 500 ? 2 : quick ? 16 : 64
      const rendered = renderPatches(side, count)
      const modes: Compatibility[] = method === 'vahadane' ? ['none'] : ['torchstain', 'none']
      const peerLine = method === 'vahadane' ? null : await timePeer(method, rendered, quick ? 1 : repeats)
      if (peerLine) yield peerLine
      for (const mode of modes) {
        const seconds = await timeEosin(
          method,
          mode,
          rendered,
          quick ? 2 : Math.max(side > 500 ? 9 : 40, repeats),
        )
        const line = describeTimes(
          method,
          rendered,
          mode === 'none' ? 'eosin' : `eosin, ${mode} mode`,
          seconds,
        )
        yield peerLine ? { ...line, ratio: line.per_s / peerLine.per_s } : line
      }
      if (method === 'macenko' && side === 96) yield* timeWorkers(rendered, quick ? 2 : Math.max(9, repeats))
    },
  }
}

function renderPatches(side: number, count: number): Pixels {
  const options = completeSyntheticOptions({ size: side, seed: 1 })
  return pixels(renderSyntheticBatch({ options, split: 'train', from: 0, count }).pixels, count, side, side)
}

async function timeEosin(name: Name, mode: Compatibility, batch: Pixels, repeats: number): Promise<number[]> {
  const method = stainMethods[name] as unknown as Method
  const options = { ...method.defaults, compatibility: mode }
  const fit = await method.fit(streamOf(pixelsAt(batch, 0)), options)
  // V8 compiles the hot loops anew while they run, for some 30 batches beside other work.
  const warmUps = batch.count > 2 ? 60 : 6
  for (let i = 0; i < warmUps; i++) await method.apply(batch, fit, options)
  const seconds: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const before = process.cpuUsage()
    await method.apply(batch, fit, options)
    const { user, system } = process.cpuUsage(before)
    seconds.push((user + system) / 1e6)
  }
  return seconds
}

// One worker and two in turn, from shared memory to shared memory that is used again; the second line's ratio is to the first.
async function* timeWorkers(batch: Pixels, repeats: number): AsyncGenerator<BenchLine> {
  const method = stainMethods.macenko as unknown as Method
  const many = shareCopies(batch, 16)
  const options = method.defaults
  const fit = await method.fit(streamOf(pixelsAt(batch, 0)), options)
  const entry = {
    label: 'macenko',
    name: 'macenko',
    options,
    reference: 'published',
    fallback: 'none',
  } as const
  const stain = { entry, method, fit } as unknown as FittedStain
  const pools = [openStainWorkers(1), openStainWorkers(2)]
  const seconds: number[][] = [[], []]
  try {
    const out = new Uint8Array(new SharedArrayBuffer(many.data.length))
    for (let repeat = -8; repeat < repeats; repeat++) {
      for (const [i, pool] of pools.entries()) {
        const began = performance.now()
        await pool.apply(stain, many, { out })
        if (repeat >= 0) seconds[i].push((performance.now() - began) / 1000) // the first eight warm up
      }
    }
  } finally {
    for (const pool of pools) await pool.close()
  }
  const [one, two] = seconds.map((times) => describeTimes('macenko', many, 'eosin, workers', times))
  yield one
  yield { ...two, threads: 2, ratio: two.per_s / one.per_s }
}

function shareCopies(batch: Pixels, copies: number): Pixels {
  const data = new Uint8Array(new SharedArrayBuffer(copies * batch.data.length))
  for (let i = 0; i < copies; i++) data.set(batch.data, i * batch.data.length)
  return pixels(data, copies * batch.count, batch.height, batch.width)
}

async function* streamOf(batch: Pixels): AsyncGenerator<Pixels> {
  yield batch
}

// null where numpy is not installed.
async function timePeer(method: Name, batch: Pixels, repeats: number): Promise<BenchLine | null> {
  const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-stain-'))
  try {
    const file = join(folder, 'patches')
    await writeFile(file, batch.data)
    const options = ['--file', file, '--side', batch.width, '--method', method, '--repeats', repeats].map(
      String,
    )
    const { status, stdout } = spawnSync('/usr/bin/python3', ['bench/peers/stain_peer.py', ...options], {
      encoding: 'utf8',
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    })
    if (status !== 0) return null
    const { peer, seconds } = JSON.parse(stdout) as { peer: string; seconds: number[] }
    return describeTimes(method, batch, peer, seconds)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function describeTimes(method: Name, batch: Pixels, peer: string, seconds: readonly number[]): BenchLine {
  const sorted = [...seconds].sort((a, b) => a - b)
  const median = sorted[sorted.length >> 1]
  return {
    case: `stain-${method}-${batch.width}`,
    peer,
    threads: 1,
    median_s: median,
    best_s: sorted[0],
    unit: 'patches',
    per_s: batch.count / median,
  }
}
