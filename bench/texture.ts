// Texture embeddings of synthetic 96-pixel patches, whole stream and threads, against scikit-image.

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Pixels, pixels } from '../src/base/index.ts'
import { embedPatches, openExtractor } from '../src/embed/index.ts'
import { completeSyntheticOptions, renderSyntheticBatch } from '../src/synthetic/index.ts'
import type { BenchCase } from './benchCase.ts'
import { compareLines, joinTimes, type Timed } from './measure.ts'

const side = 96
const batchSize = 64

/** `texture-96`: patches embedded a second, with 1 and 2 threads each. */
export const texture: BenchCase = {
  name: 'texture-96',
  about: 'texture embeddings of 96-pixel patches/s, against scikit-image',
  async *run({ repeats, quick }) {
    const rendered = renderPatches(quick ? 64 : 512)
    const rounds = quick ? 2 : 8 // each round embeds all rendered patches again
    const own: Timed[] = []
    const peers: Timed[] = []
    for (const threads of [1, 2]) {
      own.push({ peer: 'eosin', threads, seconds: await timeEosin(rendered, rounds, threads, repeats) })
      const peer = await timePeer(rendered, threads, quick ? 1 : repeats)
      if (peer) peers.push({ ...peer, threads })
    }
    const lines = [
      ...joinTimes('texture-96', 'patches', rendered.count * rounds, own),
      ...joinTimes('texture-96', 'patches', rendered.count, peers),
    ]
    yield* compareLines(lines, 'scikit-image')
  },
}

function renderPatches(count: number): Pixels {
  const options = completeSyntheticOptions({ size: side })
  return pixels(renderSyntheticBatch({ options, split: 'train', from: 0, count }).pixels, count, side, side)
}

async function timeEosin(
  rendered: Pixels,
  rounds: number,
  threads: number,
  repeats: number,
): Promise<number[]> {
  const extractor = await openExtractor('texture', { threads })
  const embed = (times: number) =>
    embedPatches({ batches: cutBatches(rendered, times), extractor, append: () => {} })
  await embed(2) // threads start and their code is compiled
  const seconds: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const began = performance.now()
    await embed(rounds)
    seconds.push((performance.now() - began) / 1000)
  }
  await extractor.close()
  return seconds
}

function* cutBatches({ data, count, height, width }: Pixels, times: number): Generator<Pixels> {
  const size = height * width * 3
  for (let time = 0; time < times; time++) {
    for (let from = 0; from < count; from += batchSize) {
      const rows = Math.min(batchSize, count - from)
      yield pixels(data.slice(from * size, (from + rows) * size), rows, height, width)
    }
  }
}

// undefined where scikit-image is not installed.
async function timePeer(
  rendered: Pixels,
  threads: number,
  repeats: number,
): Promise<{ peer: string; seconds: number[] } | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-texture-'))
  try {
    const file = join(folder, 'patches')
    await writeFile(file, rendered.data)
    const options = ['--file', file, '--side', side, '--threads', threads, '--repeats', repeats].map(String)
    const { status, stdout } = spawnSync('/usr/bin/python3', ['bench/peers/texture_skimage.py', ...options], {
      encoding: 'utf8',
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    })
    return status === 0 ? JSON.parse(stdout) : undefined
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
