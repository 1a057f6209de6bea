// Trained generators in use, in patches a second: ResNet-9 against PyTorch, tensors in and out, and the colour map that
// stands for it, bytes in and out.

import { spawnSync } from 'node:child_process'
import { f32, openRandom, pixels } from '../src/base/index.ts'
import { patchGan, resnetGenerator } from '../src/models/index.ts'
import { colourGan } from '../src/stain/gan/buildGan.ts'
import { openColourMap } from '../src/stain/gan/index.ts'
import type { Networks } from '../src/stain/index.ts'
import { cycleGan, initParams, openTranslator, pickPart } from '../src/train/index.ts'
import type { BenchCase } from './benchCase.ts'
import { chooseRuns, compareLines, joinTimes, repeatTimed, type Timed } from './measure.ts'

const side = 96
const images = 4
const width = 16 // of the colour map

/** `cyclegan-infer-96`: patches a second through ResNet-9 with 64 channels, with 1 and 2 threads each. */
export const cycleganInfer: BenchCase = {
  name: 'cyclegan-infer-96',
  takesDevice: true,
  about: 'patches/s through ResNet-9 with 64 channels, 96 px, against PyTorch',
  async *run({ repeats, quick, device }) {
    const { provider, threads: counts, hasPeer } = chooseRuns(device)
    const form = quick ? { width: 8, blocks: 2 } : { width: 64, blocks: 9 }
    const gan = cycleGan({ generator: resnetGenerator(form), discriminator: patchGan() })
    const network = pickPart(initParams(gan.params, 0), 'G_A')
    const random = openRandom(0, 'bench')
    const batch = f32(
      [images, 3, side, side],
      Float32Array.from({ length: images * 3 * side ** 2 }, random.uniform),
    )
    const rounds: Timed[] = []
    for (let round = 0; round < (quick ? 1 : repeats); round++) {
      for (const threads of quick ? [1] : counts) {
        const translator = await openTranslator(gan, network, [side, side], { provider, threads })
        const seconds = await repeatTimed(3, () => translator.translate(batch))
        await translator.close()
        rounds.push({ peer: 'eosin', threads, seconds })
        const peer = hasPeer && timePeer({ threads, side, images, repeats: 3, ...form })
        if (peer) rounds.push({ ...peer, threads })
      }
    }
    yield* compareLines(joinTimes(cycleganInfer.name, 'patches', images, rounds))
  },
}

// undefined where Debian's PyTorch is not installed.
function timePeer(options: Readonly<Record<string, number>>): Omit<Timed, 'threads'> | undefined {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const command = ['bench/peers/cyclegan_infer_torch.py', ...flags]
  const { status, stdout } = spawnSync('/usr/bin/python3', command, { encoding: 'utf8' })
  return status === 0 ? JSON.parse(stdout) : undefined
}

/** `distilled-96`: patches a second through a colour map of 16 channels, bytes to bytes. */
export const distilled: BenchCase = {
  name: 'distilled-96',
  about: 'patches/s through the colour map that stands for a generator, 96 px; at least 1,000 are wanted',
  async *run({ repeats, quick }) {
    const count = quick ? 8 : 64
    const network = pickPart(initParams(colourGan(width).params, 0), 'G_A') as Networks[string]
    const random = openRandom(0, 'bench')
    const data = Uint8Array.from({ length: count * side ** 2 * 3 }, () => random.integer(256))
    const batch = pixels(data, count, side, side)
    const rounds: Timed[] = []
    for (const threads of [1, 2]) {
      const map = openColourMap(network, width, { provider: 'cpu', threads })
      rounds.push({ peer: 'eosin', threads, seconds: await repeatTimed(repeats, () => map.restain(batch)) })
      await map.close()
    }
    yield* joinTimes(distilled.name, 'patches', count, rounds)
  },
}
