// A run's model in use: patches -> stain -> embeddings -> heads, for each of its cells, and their mean.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Alignment,
  alignCenters,
  alignsTarget,
  type CoralReference,
  openMappedRows,
} from '../adapt/index.ts'
import { DataError, f32, type Progress, pickNamed, readBlocks } from '../base/index.ts'
import { type Head, headMethods, temper } from '../classify/index.ts'
import { type Extractor, embedPatches, openExtractor } from '../embed/index.ts'
import type { ProviderChoice } from '../engine/index.ts'
import {
  averageProbabilities,
  chooseMargin,
  chooseThresholdsByLabels,
  type ThresholdRule,
} from '../evaluate/index.ts'
import { createNpy, openNpy } from '../files/index.ts'
import { type FittedStain, fitOwnGroups, methodOf, readNetworks, stainBatches } from '../normalise/index.ts'
import { allRows, orderPatches, type PatchSet, type PatchSize, requireSize } from '../patches/index.ts'
import type { CenterForecast } from '../runs/index.ts'
import { forecastCenters, type Unlabelled } from './forecastCenters.ts'
import type { Ground } from './ground.ts'
import {
  type MemberFile,
  memberFolder,
  readHeadFiles,
  readModelFile,
  readModelGround,
  readReference,
} from './model.ts'
import { groupByCenter } from './steps/alignSplits.ts'

/** A model ready to predict; close it when done. */
export interface Model {
  readonly name: string
  /** From which probability on a patch is predicted to be tumour, or of which share of each center's patches. */
  readonly threshold: ThresholdRule
  /** Size of the patches that it takes. */
  readonly patch: PatchSize
  /** Patches nearer to the threshold are left to a person; not there where none are. */
  readonly margin?: number
  /** Whether it uses unlabelled patches: of the run's test split, or of the set that it predicts. */
  readonly transductive: boolean
  /**
   * Probabilities of tumour, averaged over seeds and divided by the model's temperature, in the order of the set's rows; memory does not grow with pixels.
   * Patches with too little tissue are normalised with the fit of their slide or center within this set; embeddings are
   * aligned by center where the model does so. Throws DataError for patches of another size (see resizePatches), and
   * where a center has too few patches to be aligned by.
   */
  predict(set: PatchSet, progress: Progress): Promise<Float32Array>
  /**
   * How accurate predictions may be, by center, at thresholds that `rule` gave; not there where the model keeps nothing to tell
   * it from.
   */
  forecast?(patches: Unlabelled, rule: ThresholdRule): CenterForecast[]
  /** The margin under which `share` of its labelled patches would be left to a person, at thresholds that `rule` gave. */
  chooseMargin?(share: number, rule: ThresholdRule): number
  close(): Promise<void>
}

/** Where a model runs. */
export interface ModelPlace {
  readonly device: string
  readonly threads?: number
}

/** Opens the model of a run folder. Throws DataError where the run has none or an extractor of it has changed. */
export async function openModel(runFolder: string, place: ModelPlace): Promise<Model> {
  const file = await readModelFile(runFolder)
  const members: Member[] = []
  const close = async () => {
    for (const member of members) await member.close()
  }
  try {
    for (const member of file.members) members.push(await openMember(runFolder, member, place))
  } catch (cause) {
    await close()
    throw cause
  }
  const ground = await readModelGround(runFolder, file)
  return {
    name: file.cell,
    ...(ground && {
      forecast: (patches: Unlabelled, rule: ThresholdRule) => forecastCenters(judgeBy(rule, ground), patches),
      chooseMargin: (share: number, rule: ThresholdRule) =>
        chooseMargin({ ...judgeBy(rule, ground), ...ground.truth }, share),
    }),
    threshold: file.threshold,
    ...(file.margin !== undefined && { margin: file.margin }),
    transductive: file.transductive ?? false,
    patch: file.patch,
    async predict(set, progress) {
      requireSize(set, file.patch)
      const all: Float32Array[] = []
      for (const [i, member] of members.entries()) {
        const tell: Progress = (done) => progress(i * set.count + done, members.length * set.count)
        all.push(await member.predict(set, tell))
      }
      return temper(averageProbabilities(all), file.temperature ?? 1)
    },
    close,
  }
}

// Under a stated share labelled centers are judged as though theirs had been stated.
function judgeBy(rule: ThresholdRule, ground: Ground): Ground {
  const { truth, probabilities } = ground
  return typeof rule === 'number'
    ? ground
    : { ...ground, threshold: chooseThresholdsByLabels({ ...truth, probabilities }) }
}

type Member = Pick<Model, 'predict' | 'close'>

async function openMember(runFolder: string, member: MemberFile, place: ModelPlace): Promise<Member> {
  const { device, threads } = place
  const extractor = await openExtractor({ name: member.embed.name, ...member.embed.options }, place)
  if (extractor.key !== member.extractorKey) {
    await extractor.close()
    throw new DataError({
      where: runFolder,
      expected: `the extractor ${member.embed.label} the run was trained with`,
      got: 'another version of it, or the same on another device',
      hint: 'give the --device that the study ran on, or run the study again',
    })
  }
  const method = pickNamed('head', headMethods, member.head)
  const heads = await Promise.all(
    member.seeds.map(async (seed) =>
      method.load(await readHeadFiles(runFolder, member, seed), {
        device: device as ProviderChoice,
        threads,
      }),
    ),
  )
  const stain = {
    entry: member.stain,
    method: methodOf(member.stain),
    fit: await readNetworks(memberFolder(runFolder, member), member.fit),
    provider: device as FittedStain['provider'],
    threads,
  }
  const parts = { stain, extractor, heads }
  const isAligned = alignsTarget(member.adapt.options)
  const reference = await readReference(runFolder, member)
  return {
    predict: (set, progress) =>
      isAligned
        ? predictAligned(
            set,
            parts,
            { align: member.adapt.options.align as 'coral', reference, threads },
            progress,
          )
        : predictStreaming(set, parts, progress),
    async close() {
      await extractor.close()
      for (const head of heads) await head.close()
    },
  }
}

interface Parts {
  readonly stain: FittedStain
  readonly extractor: Extractor
  readonly heads: readonly Head[]
}

async function predictStreaming(set: PatchSet, parts: Parts, progress: Progress): Promise<Float32Array> {
  const probabilities = new Float32Array(set.count)
  let done = 0
  const { dimensions } = parts.extractor
  await embedSet(set, parts, progress, async (embeddings) => {
    const count = embeddings.length / dimensions
    const x = f32([count, dimensions], embeddings)
    probabilities.set(await predictRows(parts.heads, x), done)
    done += count
  })
  return probabilities
}

interface Aligning {
  readonly align: Exclude<Alignment, 'none'>
  readonly reference: CoralReference | null
  readonly threads?: number
}

// The statistics of a center need all its embeddings: these wait in a file.
async function predictAligned(
  set: PatchSet,
  parts: Parts,
  { align, reference, threads }: Aligning,
  progress: Progress,
): Promise<Float32Array> {
  const folder = await mkdtemp(join(tmpdir(), 'eosin-predict-'))
  try {
    const path = join(folder, 'embeddings.npy')
    const written = await createNpy(path, parts.extractor.dimensions)
    await embedSet(set, parts, progress, (embeddings) => written.append(embeddings))
    await written.close()
    const stored = await openNpy(path)
    try {
      const groups = groupByCenter(set, await orderPatches(set, allRows(set)), stored)
      const maps = await alignCenters(groups, align, reference, threads)
      const place = new Map(groups.map(({ center }, i) => [center, i]))
      const centerOf = Uint16Array.from(allRows(set), (row) => place.get(set.centers?.[row] ?? '?')!)
      const mapped = await openMappedRows(stored, centerOf, maps, threads)
      try {
        const probabilities = new Float32Array(set.count)
        let done = 0
        for await (const block of readBlocks(mapped)) {
          probabilities.set(await predictRows(parts.heads, block), done)
          done += block.shape[0]
        }
        return probabilities
      } finally {
        await mapped.close()
      }
    } finally {
      await stored.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function embedSet(
  set: PatchSet,
  { stain, extractor }: Parts,
  progress: Progress,
  append: (embeddings: Float32Array) => Promise<void>,
): Promise<void> {
  const rows = allRows(set)
  const groups = await fitOwnGroups(set, stain.entry, () => orderPatches(set, rows, progress))
  const batches = (async function* () {
    for await (const { result } of stainBatches(set, rows, stain, groups)) yield result.pixels
  })()
  await embedPatches({ batches, extractor, append, progress, total: set.count })
}

async function predictRows(heads: readonly Head[], x: ReturnType<typeof f32>): Promise<Float32Array> {
  const bySeed: Float32Array[] = []
  for (const head of heads) bySeed.push(await head.predict(x))
  return averageProbabilities(bySeed)
}
