// Reads a challenge file in random order, against h5py on the same file and rows, each in a process of its own
// and in turns. Eosin's figure includes the conversion to HWC bytes and the checks; h5py's that to bytes.

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openRandom } from '../src/base/index.ts'
import { createChallengeFile } from '../src/patches/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'

/** One process's answer; the times are for all rows, but Eosin's `index_s` for all groups of the file. */
interface Answer {
  readonly version?: string
  readonly groups?: number
  readonly index_s: number
  readonly read_s: number
  readonly peak_rss_mb: number
}

/** `read-hdf5`: 100,000 groups as h5py writes them, of which 20,000 are read in random order; then deflated ones. */
export const readHdf5: BenchCase = {
  name: 'read-hdf5',
  about: 'a 100,000-group challenge file in random order, against h5py',
  async *run({ repeats, quick }) {
    yield* measureFile('read-hdf5', quick ? 1000 : 100_000, false, repeats)
    yield* measureFile('read-hdf5-deflate', quick ? 500 : 10_000, true, repeats)
  },
}

async function* measureFile(
  name: string,
  groups: number,
  compress: boolean,
  repeats: number,
): AsyncGenerator<BenchLine> {
  const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-read-'))
  try {
    const path = join(folder, 'train.h5')
    await writeGroups(path, groups, compress)
    const rows = openRandom(0, 'bench rows').permutation(groups).slice(0, 20_000)
    await writeFile(join(folder, 'rows'), Array.from(rows, (row) => `${row}\n`).join(''))
    const eosin: Answer[] = []
    const h5py: Answer[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      eosin.push(runEosin(path, join(folder, 'rows')))
      const answer = runH5py(path, join(folder, 'rows'))
      if (answer) h5py.push(answer)
    }
    yield* describeAnswers(name, rows.length, eosin, h5py)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// Coarse noise under a gradient: it deflates about as well as tissue does.
async function writeGroups(path: string, groups: number, compress: boolean): Promise<void> {
  const random = openRandom(0, 'bench images')
  const grain = Uint8Array.from({ length: 3 * 96 * 96 + groups }, () => random.integer(24))
  const image = new Float32Array(3 * 96 * 96)
  const writer = await createChallengeFile(path, { compress })
  for (let i = 0; i < groups; i++) {
    for (let k = 0; k < image.length; k++) image[k] = (100 + (k % 96) + grain[k + i]) / 255
    writer.append({ id: String(i), image, label: i % 2, center: i % 5, slide: i % 50 })
  }
  await writer.close()
}

function runEosin(...args: string[]): Answer {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const child = fileURLToPath(new URL(`./readHdf5Child.${extension}`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

// Absent where h5py is not installed: Eosin's figures are then without a ratio.
function runH5py(...args: string[]): Answer | undefined {
  const { status, stdout } = spawnSync('/usr/bin/python3', ['bench/peers/h5py_peer.py', ...args], {
    encoding: 'utf8',
  })
  return status === 0 ? JSON.parse(stdout) : undefined
}

function* describeAnswers(name: string, rows: number, eosin: Answer[], h5py: Answer[]): Generator<BenchLine> {
  const groups = eosin[0].groups ?? rows
  const threads = availableParallelism() // reading and inflating run in Node's thread pool
  const version = `h5py ${h5py[0]?.version}`
  const peerRead =
    h5py.length > 0 ? describeTimes(name, version, 1, rows, 'patches', h5py, 'read_s') : undefined
  const peerIndex =
    h5py.length > 0 ? describeTimes(`${name}-index`, version, 1, rows, 'groups', h5py, 'index_s') : undefined
  yield* withPeer(describeTimes(name, 'eosin', threads, rows, 'patches', eosin, 'read_s'), peerRead)
  yield* withPeer(describeTimes(`${name}-index`, 'eosin', 1, groups, 'groups', eosin, 'index_s'), peerIndex)
}

function* withPeer(own: BenchLine, peer: BenchLine | undefined): Generator<BenchLine> {
  yield peer ? { ...own, ratio: own.per_s / peer.per_s } : own
  if (peer) yield peer
}

function describeTimes(
  name: string,
  peer: string,
  threads: number,
  work: number,
  unit: string,
  answers: readonly Answer[],
  key: 'read_s' | 'index_s',
): BenchLine {
  const times = answers.map((answer) => answer[key]).sort((a, b) => a - b)
  const median_s = times[Math.floor(times.length / 2)]
  const peak_rss_mb = Math.max(...answers.map((answer) => answer.peak_rss_mb))
  return { case: name, peer, threads, median_s, best_s: times[0], unit, per_s: work / median_s, peak_rss_mb }
}
