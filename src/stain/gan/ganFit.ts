// What a trained method knows: for each source the generator that brings it to the target's stain, the colours by
// which a patch of another center finds the nearest source, and how each training went.

import { DataError, type NdArray, WeightsError } from '../../base/index.ts'
import { openCheckpoint } from '../../weights/index.ts'
import type { Networks } from '../stainMethod.ts'
import type { Architecture } from './architecture.ts'
import { buildGan } from './buildGan.ts'
import type { GanOptions } from './ganOptions.ts'
import type { Signature } from './signature.ts'

/** One generator's origin. */
export interface GanModel {
  /** The center it translates; `multistain` has one for all. */
  readonly source: string
  /** `training`, or the checkpoint that it was read from. */
  readonly from: string
  /** Epochs trained and the one kept, counted from 1; null for a checkpoint. */
  readonly epochs: number | null
  readonly bestEpoch: number | null
  /** Why training ended, in a few words. */
  readonly ending: string | null
  /** The kept epoch's scores. */
  readonly scores: Readonly<Record<string, number>> | null
  /** Every epoch's scores, the first epoch's first. */
  readonly curve: readonly Readonly<Record<string, number>>[] | null
}

/** A fit of `cyclegan` or `multistain`. */
export interface GanFit {
  readonly [key: string]: unknown
  readonly target: string
  /** The centers that were seen in training, without labels. */
  readonly seen: readonly string[]
  /** Side in pixels of the crops in training. */
  readonly side: number
  readonly models: readonly GanModel[]
  /** The mean colours of each center that a patch may be sent to; null where it has too little tissue. */
  readonly centers: readonly { readonly name: string; readonly signature: Signature | null }[]
  /** What both networks are made of. */
  readonly architecture: Architecture
  /** By source; those of `multistain` are one network, and what of it is each center's own: its moments. */
  readonly networks: Networks
  /** Mean absolute difference, in levels, between each center's colour map and its generator on other patches. */
  readonly disagreement?: Readonly<Record<string, number>>
}

/**
 * A generator from a checkpoint: Eosin's own or the reference repositories' (`latest_net_G_A.pth`), under the names of
 * its parameters, with or without `module.` or `G_A.` before them. Statistics of instance normalisation in old ones are
 * left out. Throws WeightsError for a checkpoint of another configuration, naming what does not fit.
 */
export async function readGenerator(path: string, options: GanOptions): Promise<Networks[string]> {
  const { params } = buildGan(options).generator
  const checkpoint = await openCheckpoint(path)
  try {
    const stored = new Map([...checkpoint.tensors.keys()].map((name) => [shortenName(name), name]))
    const extra = [...stored.keys()].filter((name) => !(name in params) && !isStatistic(name))
    const network: Record<string, NdArray<'f32'>> = {}
    for (const [name, { shape }] of Object.entries(params)) {
      const full = stored.get(name)
      const array = full === undefined ? undefined : await checkpoint.read(full)
      if (`${array?.shape}` !== `${shape}`) throw misfit(path, name, shape, array, options)
      checkValues(path, name, array!)
      network[name] = array!
    }
    if (extra.length > 0)
      throw misfit(path, extra[0], undefined, await checkpoint.read(stored.get(extra[0])!), options)
    return network
  } finally {
    await checkpoint.close()
  }
}

function shortenName(name: string): string {
  return name.replace(/^(?:G_A\.)?(?:module\.)?/, '')
}

function isStatistic(name: string): boolean {
  return /\.(running_mean|running_var|num_batches_tracked)$/.test(name)
}

function checkValues(path: string, name: string, { data }: NdArray<'f32'>): void {
  if (data.every(Number.isFinite)) return
  throw new DataError({ where: `${path}/${name}`, expected: 'finite values', got: 'others' })
}

function misfit(
  path: string,
  name: string,
  expected: readonly number[] | undefined,
  got: NdArray | undefined,
  { generator }: GanOptions,
): WeightsError {
  const { form, width, blocks, downs } = generator
  const configuration = form === 'unet' ? `downs ${downs}` : `blocks ${blocks}`
  return new WeightsError({
    where: `${path}/${name}`,
    expected: expected
      ? `[${expected}] (generator: ${form}, width ${width}, ${configuration})`
      : 'no such tensor',
    got: got ? `[${got.shape}]` : 'nothing',
    hint: `is it a checkpoint of another configuration? set generator.form, width and ${form === 'unet' ? 'downs' : 'blocks'}`,
  })
}
