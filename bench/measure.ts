// What benchmark cases share: times of several contestants joined into lines, and Eosin's ratio to its best rival.

import { spawnSync } from 'node:child_process'
import { pickNamed } from '../src/base/index.ts'
import { type ProviderName, providers } from '../src/engine/index.ts'
import type { BenchLine } from './benchCase.ts'

/** One contestant's times: seconds of the same piece of work, one entry a repeat. */
export interface Timed {
  readonly peer: string
  readonly threads: number
  readonly seconds: readonly number[]
  /** Of a contestant in a process of its own. */
  readonly peak_rss_mb?: number
}

/** Threads that a case is measured with: on a GPU they do not matter, and Python's peers, which run on the processor, are left out. */
export function chooseRuns(device: string | undefined) {
  if (device === undefined || device === 'cpu')
    return { provider: 'cpu', threads: [1, 2], hasPeer: true } as const
  pickNamed('device', providers, device)
  return { provider: device as ProviderName, threads: [1], hasPeer: false } as const
}

/** The seconds of `repeats` runs of `work`; a run before them is not counted. */
export async function repeatTimed(repeats: number, work: () => Promise<unknown>): Promise<number[]> {
  await work()
  const seconds: number[] = []
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    await work()
    seconds.push((performance.now() - start) / 1000)
  }
  return seconds
}

/** A line for each contestant over all rounds; `amount` units of work are in each entry of seconds. */
export function joinTimes(name: string, unit: string, amount: number, rounds: readonly Timed[]): BenchLine[] {
  const keyOf = ({ peer, threads }: Timed) => `${peer} ${threads}`
  return [...new Set(rounds.map(keyOf))].map((key) => {
    const own = rounds.filter((round) => keyOf(round) === key)
    const sorted = own.flatMap(({ seconds }) => seconds).toSorted((a, b) => a - b)
    const median = sorted[sorted.length >> 1]
    const { peer, threads, peak_rss_mb } = own[0]
    const line = {
      case: name,
      peer,
      threads,
      median_s: median,
      best_s: sorted[0],
      unit,
      per_s: amount / median,
    }
    if (peak_rss_mb === undefined) return line
    return { ...line, peak_rss_mb: Math.max(...own.map((round) => round.peak_rss_mb!)) }
  })
}

/** The lines by rate; Eosin's best carries the ratio to the best rival's, whatever the threads. */
export function compareLines(lines: readonly BenchLine[], rivals = 'pytorch'): BenchLine[] {
  const sorted = lines.toSorted((a, b) => b.per_s - a.per_s)
  const best = sorted.find(({ peer }) => peer === 'eosin')
  const rival = sorted.find(({ peer }) => peer.startsWith(rivals))
  return sorted.map((line) => (line === best && rival ? { ...line, ratio: line.per_s / rival.per_s } : line))
}

/** The seconds that bench/peers/torch_peer.py prints for a case; undefined where Debian's PyTorch is not installed. */
export function timeTorch(name: string, threads: number, options: readonly string[]): Timed | undefined {
  const args = ['bench/peers/torch_peer.py', name, '--threads', String(threads), ...options]
  const { status, stdout } = spawnSync('/usr/bin/python3', args, { encoding: 'utf8' })
  if (status !== 0) return undefined
  const { peer, seconds } = JSON.parse(stdout) as Timed
  return { peer, threads, seconds }
}
