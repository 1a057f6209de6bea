// Embedding patches with DINOv2's ViT-S/14 against PyTorch and against the ceiling: the network's matrix products
// alone, run by the same engine. In turns, so that all meet the same machine. Weights are random, at full size.
// Eosin's figure is the whole extractor's: resize from 96 pixels, normalise, network, rows.

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { f32, openRandom, type Pixels, pixels, sizeOf } from '../src/base/index.ts'
import { type Extractor, openExtractor } from '../src/embed/index.ts'
import { openSession, type ProviderName } from '../src/engine/index.ts'
import { constant, emitModel, input, matmul, slice } from '../src/graph/index.ts'
import { catalog } from '../src/weights/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { chooseRuns, compareLines, joinTimes, repeatTimed, type Timed } from './measure.ts'
import { writeModelWeights } from './modelWeights.ts'

const name = 'embed-vits14-98'
const { architecture } = catalog['dinov2-small']
if (architecture.family !== 'vit') throw new TypeError('dinov2-small is a ViT')
const { width, depth, mlp, patchSize } = architecture
const side = 98
const tokens = (side / patchSize) ** 2 + 1

/** `embed-vits14-98`: patches a second with 1 and 2 threads each. */
export const embedVits14: BenchCase = {
  name,
  takesDevice: true,
  about: 'patches/s embedded by a ViT-S/14 at 98 pixels, against PyTorch and the matmul ceiling',
  async *run({ repeats, quick, device }) {
    const runs = chooseRuns(device)
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-vit-'))
    try {
      const weights = join(folder, 'model.safetensors')
      await writeModelWeights(weights, 'dinov2-small')
      const rounds: Timed[] = []
      for (let round = 0; round < (quick ? 1 : repeats); round++) {
        for (const threads of runs.threads)
          rounds.push(...(await timeAll(weights, threads, quick ? 32 : 256, runs)))
      }
      yield* compareLines(joinTimes(name, 'patches', 1, rounds))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** `embed-vits14-98-int8`: the same in 8 bits, beside single precision. */
export const embedVits14Int8: BenchCase = {
  name: `${name}-int8`,
  about:
    'patches/s embedded by a ViT-S/14 at 98 pixels in int8, against fp32 in turns, and the cosine between them',
  async *run({ repeats, quick }) {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-vit-'))
    try {
      const weights = join(folder, 'model.safetensors')
      await writeModelWeights(weights, 'dinov2-small')
      for (const threads of [1, 2])
        yield* compareInt8(weights, threads, quick ? 1 : repeats, quick ? 16 : 256)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function* compareInt8(
  weights: string,
  threads: number,
  repeats: number,
  count: number,
): AsyncGenerator<BenchLine> {
  const open = (precision: string) =>
    openExtractor(
      { name: 'dinov2-small', weights, resize: side, crop: false, precision },
      { device: 'cpu', threads },
    )
  const [exact, rounded] = [await open('fp32'), await open('int8')]
  try {
    const batch = drawPatches(count)
    for (const extractor of [exact, rounded]) await warmUp(extractor, batch)
    const { mean, min } = await rounded.measureAgreement!(batch)
    const note = `cosine to fp32 ${mean.toFixed(5)}, least ${min.toFixed(5)}`
    const rounds: Timed[] = []
    for (let i = 0; i < repeats; i++) {
      rounds.push({ peer: 'eosin, int8', threads, seconds: await repeatTimed(1, () => rounded.embed(batch)) })
      rounds.push({ peer: 'eosin, fp32', threads, seconds: await repeatTimed(1, () => exact.embed(batch)) })
    }
    const [int8, fp32] = joinTimes(`${name}-int8`, 'patches', count, rounds)
    yield { ...int8, ratio: int8.per_s / fp32.per_s, note }
    yield fp32
  } finally {
    await exact.close()
    await rounded.close()
  }
}

// Seconds a patch.
async function timeAll(
  weights: string,
  threads: number,
  count: number,
  { provider, hasPeer }: ReturnType<typeof chooseRuns>,
): Promise<Timed[]> {
  const eosin = { peer: 'eosin', threads, seconds: await timeEosin(weights, provider, threads, count) }
  const ceiling = {
    peer: 'its matrix products alone',
    threads,
    seconds: await timeProducts(provider, threads),
  }
  // PyTorch gets the better of two batch sizes.
  const peers = (hasPeer ? [8, 32] : []).flatMap((batch) => timePeer(threads, batch) ?? [])
  return [eosin, ceiling, ...peers]
}

async function timeEosin(
  weights: string,
  device: ProviderName,
  threads: number,
  count: number,
): Promise<number[]> {
  const extractor = await openExtractor(
    { name: 'dinov2-small', weights, resize: side, crop: false },
    { device, threads },
  )
  const batch = drawPatches(count)
  try {
    await warmUp(extractor, batch)
    return (await repeatTimed(2, () => extractor.embed(batch))).map((second) => second / count)
  } finally {
    await extractor.close()
  }
}

// Threads and processes that take part begin after some seconds of work: before the clock does.
async function warmUp(extractor: Extractor, batch: Pixels): Promise<void> {
  const begun = performance.now()
  while (performance.now() - begun < 3_000) await extractor.embed(batch)
  await extractor.embed(batch)
}

function drawPatches(count: number): Pixels {
  const random = openRandom(0, 'bench patches')
  const data = Uint8Array.from({ length: count * 96 * 96 * 3 }, () => random.integer(256))
  return pixels(data, count, 96, 96)
}

// The four products of each block, of as many rows as the extractor runs at once: what no other code can undercut.
async function timeProducts(provider: ProviderName, threads: number): Promise<number[]> {
  const count = 8
  const x = input('x', [count * tokens, width])
  const random = openRandom(0, 'bench products')
  const draw = (shape: number[]) =>
    f32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => 0.02 * random.normal()),
    )
  let y = x
  for (let i = 0; i < depth; i++) {
    const qkv = matmul(y, constant(draw([width, 3 * width])))
    const mixed = matmul(slice(qkv, 1, 0, width), constant(draw([width, width])))
    y = matmul(matmul(mixed, constant(draw([width, mlp.hidden]))), constant(draw([mlp.hidden, width])))
  }
  const session = await openSession(emitModel({ y }), { provider, threads })
  try {
    const feeds = { x: draw([count * tokens, width]) }
    return (await repeatTimed(8, () => session.run(feeds))).map((second) => second / count)
  } finally {
    await session.close()
  }
}

// undefined where Debian's PyTorch is not installed.
function timePeer(threads: number, batch: number): Timed | undefined {
  const args = ['--side', side, '--batch', batch, '--threads', threads, '--repeats', 4].map(String)
  const { status, stdout } = spawnSync('/usr/bin/python3', ['bench/peers/vit_torch.py', ...args], {
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
  })
  if (status !== 0) return undefined
  const { peer, seconds } = JSON.parse(stdout)
  return { peer: `${peer}, batch ${batch}`, threads, seconds }
}
