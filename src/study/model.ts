// The model of a run: its chosen cell, or the cells of a chosen ensemble, complete and portable: the stain's fit, the
// extractor, what embeddings are aligned to, one head a seed. Lies in <run>/model/ and needs neither the cache nor the
// training data.

import { existsSync, statSync } from 'node:fs'
import { copyFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CoralReference } from '../adapt/index.ts'
import { DataError, type NdArray } from '../base/index.ts'
import type { ThresholdRule } from '../evaluate/index.ts'
import { makeFolder, readNpyFile, writeFileAtomic } from '../files/index.ts'
import { writeNpy } from '../formats/index.ts'
import { type FittedStain, writeNetworks } from '../normalise/index.ts'
import type { PatchSize } from '../patches/index.ts'
import type { AdaptEntry, AugmentEntry, StainEntry } from '../recipe/index.ts'
import { readJson } from '../runs/index.ts'
import type { StainFit } from '../stain/index.ts'
import { checkSeal, replaceFolder, sealFolder } from '../tasks/index.ts'
import type { GridCell } from './grid.ts'
import { type Ground, type GroundFile, readGround, writeGround } from './ground.ts'
import { type DecisionRule, isTransductiveCell } from './steps/evaluateCell.ts'
import { readHeadFolder, type TrainedHead } from './steps/trainHead.ts'

/** What model.json says of one cell. */
export interface MemberFile {
  readonly cell: string
  /** Where its files lie: a prefix of their paths in the model's folder. */
  readonly folder: string
  readonly stain: StainEntry
  readonly fit: StainFit
  /** What the heads' training patches were shown as; patches to predict are taken as they are. */
  readonly augment: AugmentEntry
  readonly embed: GridCell['pair']['embed']
  readonly adapt: AdaptEntry
  readonly head: string
  readonly seeds: readonly number[]
  readonly extractorKey: string
}

/** What model.json says. */
export interface ModelFile {
  readonly cell: string
  /** It uses unlabelled patches of the test split; not there where it does not. */
  readonly transductive?: true
  /** From which probability on a patch is predicted to be tumour, or of which share of each center's patches. */
  readonly threshold: ThresholdRule
  /** What log odds are divided by; not there where nothing was fitted. */
  readonly temperature?: number
  /** Patches nearer to the threshold are left to a person; not there where none are. */
  readonly margin?: number
  /** Size of the patches in training: those to predict have it too. */
  readonly patch: PatchSize
  /** What accuracies are forecast from; not there in models of versions that did not forecast. */
  readonly ground?: GroundFile
  /** One, or the cells of an ensemble, whose mean is the model. */
  readonly members: readonly MemberFile[]
}

/** What a cell's part of a model is made from. */
export interface ModelMember {
  readonly cell: GridCell
  readonly stain: FittedStain
  readonly heads: readonly TrainedHead[]
  /** What `coral` brings centers to; null for all others. */
  readonly reference: CoralReference | null
}

/** A model to be written. */
export interface ModelParts {
  readonly name: string
  readonly members: readonly ModelMember[]
  readonly rule: DecisionRule
  readonly ground: Ground
}

/** Writes a model into a run folder, sealed; it is there whole or not at all. */
export async function saveModel(
  runFolder: string,
  { name, members, ground, rule: { threshold, temperature, margin } }: ModelParts,
  { height, width }: PatchSize,
): Promise<void> {
  const folder = join(runFolder, 'model.work')
  await rm(folder, { recursive: true, force: true })
  await makeFolder(folder)
  const files: MemberFile[] = []
  for (const [i, member] of members.entries())
    files.push(await saveMember(folder, members.length === 1 ? '' : `member-${i}/`, member))
  const isTransductive = typeof threshold === 'object' || members.some(({ cell }) => isTransductiveCell(cell))
  const model: ModelFile = {
    cell: name,
    ...(isTransductive && { transductive: true as const }),
    threshold,
    ...(temperature !== 1 && { temperature }),
    ...(margin !== undefined && { margin }),
    patch: { height, width },
    ground: await writeGround(folder, ground),
    members: files,
  }
  await writeFileAtomic(join(folder, 'model.json'), `${JSON.stringify(model, null, 1)}\n`)
  await sealFolder(folder)
  await replaceFolder(folder, join(runFolder, 'model'))
}

const referenceFile = 'coral-reference.npy'

async function saveMember(
  modelFolder: string,
  folder: string,
  { cell, stain, heads, reference }: ModelMember,
): Promise<MemberFile> {
  const place = join(modelFolder, folder)
  await makeFolder(place)
  for (const [i, head] of heads.entries()) {
    const from = join(head.entry.folder, 'head')
    const to = join(place, `head-${cell.heads[i].seed}`)
    await makeFolder(to)
    for (const file of await readdir(from)) await copyFile(join(from, file), join(to, file))
  }
  if (reference) await writeFileAtomic(join(place, referenceFile), writeNpy(reference))
  return {
    cell: cell.id,
    folder,
    stain: stain.entry,
    fit: await writeNetworks(place, stain.fit),
    augment: cell.pair.augment,
    embed: cell.pair.embed,
    adapt: cell.adapt,
    head: cell.classify.name,
    seeds: cell.heads.map(({ seed }) => seed),
    extractorKey: cell.pair.extractorKey,
  }
}

/**
 * Takes away what an earlier study left as the model, and its card, as soon as the run folder's other files say something
 * else.
 */
export async function removeModel(runFolder: string): Promise<void> {
  await rm(join(runFolder, 'MODEL_CARD.md'), { force: true })
  await rm(join(runFolder, 'model'), { recursive: true, force: true })
}

/**
 * Reads what the model of a run folder is, all its files checked. Throws DataError where the run has none, or naming the
 * file that is not as it was written.
 */
export async function readModelFile(runFolder: string): Promise<ModelFile> {
  const folder = join(runFolder, 'model')
  const path = join(folder, 'model.json')
  if (existsSync(path)) {
    await checkSeal(folder, 'run the study again: what is in its cache is not done again')
    return readJson<ModelFile>(path)
  }
  throw new DataError({
    where: runFolder,
    expected: 'the folder of a finished run, with model/model.json',
    got: describeMissing(runFolder),
    hint: 'give the folder that eosin study run wrote',
  })
}

function describeMissing(runFolder: string): string {
  if (!existsSync(runFolder)) return 'no such folder'
  return statSync(runFolder).isDirectory() ? 'a folder without it' : 'a file'
}

/** Where the files of a member lie. */
export const memberFolder = (runFolder: string, { folder }: MemberFile) => join(runFolder, 'model', folder)

/** The files of one seed's head of a member, by name. */
export function readHeadFiles(
  runFolder: string,
  member: MemberFile,
  seed: number,
): Promise<Record<string, Uint8Array>> {
  return readHeadFolder(join(memberFolder(runFolder, member), `head-${seed}`))
}

/** What a model forecasts from; null in models of versions that did not. */
export async function readModelGround(runFolder: string, { ground }: ModelFile): Promise<Ground | null> {
  return ground ? readGround(join(runFolder, 'model'), ground) : null
}

/** What `coral` brings centers to; null for a member that is aligned otherwise. */
export async function readReference(runFolder: string, member: MemberFile): Promise<CoralReference | null> {
  if (member.adapt.options.align !== 'coral') return null
  return (await readNpyFile(join(memberFolder(runFolder, member), referenceFile))) as NdArray<'f32'>
}
