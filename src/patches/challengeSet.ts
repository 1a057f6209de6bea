// Reads the Kaggle challenge's HDF5: one root group a patch with img, label and metadata (see challenge.ts).
// HDF5 lists groups by string (0, 1, 10, 100 ...); rows are ordered by number and ids are the names, so
// that nothing is ever paired by position.

import { dirname } from 'node:path'
import { DataError, pixels } from '../base/index.ts'
import { type Hdf5Dataset, type Hdf5File, openHdf5, readFileStates } from '../files/index.ts'
import { licenceAttribute, originAttribute } from './challenge.ts'
import { type Attempt, readColumns } from './challengeColumns.ts'
import { type Provenance, parseOrigin, readProvenance } from './origin.ts'
import { type ImageKind, imageKinds, maximumOf, planesToPixels, type Scale } from './planes.ts'
import {
  type Fault,
  fingerprintFiles,
  type OpenedPatchSet,
  type OpenOptions,
  orderNames,
  problemOf,
  type Reader,
  refuseFaults,
} from './reader.ts'
import { isRemembered, recallIndex, rememberIndex, type SoundIndex } from './rememberedIndex.ts'

/** Reader of the Kaggle challenge's train.h5, val.h5 and test.h5. */
export const challengeReader: Reader = {
  about: "the Kaggle challenge's HDF5: one group a patch with img, label, metadata",
  parts: [],
  async detect(path) {
    if (!/\.(h5|hdf5)$/i.test(path)) return false
    if (await isRemembered(path)) return true
    const file = await openHdf5(path).catch(() => undefined)
    if (!file) return false
    try {
      for (const name of (await file.list('/')).slice(0, 16)) {
        if (await file.describe(`${name}/img`)) return true
      }
      return false
    } catch {
      return false
    } finally {
      await file.close()
    }
  },
  open: openChallenge,
}

async function openChallenge(path: string, options: OpenOptions): Promise<OpenedPatchSet> {
  const file = await openHdf5(path)
  try {
    const said = await readAttributes(file, path, options)
    const known = options.isTolerant ? null : await recallIndex(path)
    if (known) {
      const { places, ids } = known
      const imageOf = (row: number) => file.describeAt(`${ids[row]}/img`, places[row])
      return makeSet(file, path, { ...known, faults: [], imageOf }, said)
    }
    const { digest } = await readFileStates([path])
    const { images, ...index } = await indexGroups(file)
    refuseFaults(path, index.faults, options.isTolerant)
    const scale = await findScale(file, { images, ...index })
    const found = { ...index, scale, storage: describeStorage({ images, ...index }, scale) }
    const places = placeImages(file, { images, ...index })
    if (places) {
      const { faults: _, ...sound } = found
      await rememberIndex(path, digest, { ...sound, places })
    }
    return makeSet(file, path, { ...found, imageOf: async (row) => images[row] }, said)
  } catch (cause) {
    await file.close()
    throw cause
  }
}

// Where every image is described; null where one is faulty, or something lies in another file.
function placeImages(file: Hdf5File, { images, faults }: ChallengeIndex): number[] | null {
  if (faults.length > 0 || file.otherFiles().length > 0) return null
  const places = images.flatMap((image) => (image ? (file.placeOf(image) ?? []) : []))
  return places.length === images.length ? places : null
}

async function attempt<T>(work: () => Promise<T | undefined>): Promise<Attempt<T>> {
  try {
    return { value: await work() }
  } catch (cause) {
    return { problem: problemOf(cause) }
  }
}

async function readAttributes(file: Hdf5File, path: string, options: OpenOptions): Promise<Provenance> {
  const implied = { origin: 'unknown', licence: null, dataset: null } as const
  const beside = await readProvenance(dirname(path), options, implied)
  const word = await file.readText(originAttribute)
  const origin = word ? parseOrigin(path, word) : beside.origin
  const isTissue = origin === 'real' || origin === 'unknown'
  return {
    origin,
    // what patches of this layout are, unless something else is said
    dataset: beside.dataset ?? (isTissue ? 'Camelyon17-WILDS' : null),
    licence: (await file.readText(licenceAttribute)) ?? beside.licence,
  }
}

/** All that is known of the patches before a pixel is read. */
interface ChallengeIndex extends Omit<SoundIndex, 'places' | 'scale' | 'storage'> {
  readonly images: readonly (Hdf5Dataset | undefined)[]
  readonly faults: Fault[]
}

// Every group at the root is a patch, and so is a link that leads nowhere; whatever else lies there is left out. Group by
// group, not dataset by dataset: what belongs together lies together.
async function indexGroups(file: Hdf5File): Promise<ChallengeIndex> {
  const ids: string[] = []
  const images: Attempt<Hdf5Dataset>[] = []
  const labels: Attempt<number[]>[] = []
  const metadata: Attempt<number[]>[] = []
  const faults: Fault[] = []
  const leftOut: Fault[] = []
  for (const id of orderNames(await file.list('/'))) {
    const { value: kind, problem } = await attempt(() => file.kindOf(id))
    if (!problem && kind !== 'group') {
      leftOut.push({ id, problem: `'${id}', a ${kind === 'type' ? 'named type' : kind} beside the groups` })
      continue
    }
    if (problem) faults.push({ id, problem })
    const read = <T>(work: () => Promise<T | undefined>) => (problem ? { problem } : attempt(work))
    ids.push(id)
    images.push(await read(() => file.describe(`${id}/img`)))
    labels.push(await read(() => file.readNumbers(`${id}/label`)))
    metadata.push(await read(() => file.readNumbers(`${id}/metadata`)))
  }
  const first = images.find(({ value }) => value && isPlanes(value))?.value
  const broken = new Set(faults.map(({ id }) => id))
  const addFaults = (problems: readonly (string | undefined)[]) =>
    problems.forEach((problem, row) => {
      if (problem && !broken.has(ids[row])) faults.push({ id: ids[row], problem })
    })
  addFaults(images.map((image) => findImageFault(image, first)))
  if (!first) {
    const got = faults.length > 0 ? `'${faults[0].id}' with ${faults[0].problem}` : 'no group'
    throw new DataError({ where: file.path, expected: 'groups with img (3, H, W)', got })
  }
  const { problems, ...columns } = readColumns(labels, metadata)
  addFaults(problems)
  return {
    ids,
    images: images.map(({ value }) => value),
    ...columns,
    height: first.shape[1],
    width: first.shape[2],
    kind: first.kind as ImageKind,
    faults,
    leftOut,
  }
}

function isPlanes({ shape, kind }: Hdf5Dataset): boolean {
  return (
    shape.length === 3 &&
    shape[0] === 3 &&
    !shape.includes(0) &&
    (imageKinds as readonly string[]).includes(kind)
  )
}

function findImageFault(
  { value: image, problem }: Attempt<Hdf5Dataset>,
  first: Hdf5Dataset | undefined,
): string | undefined {
  if (problem) return `img: ${problem}`
  if (!image) return 'no img'
  const { shape, kind, type } = image
  if (!(imageKinds as readonly string[]).includes(kind))
    return `img of type ${type}, not ${imageKinds.join(', ')}`
  const sides = `(${shape.join(', ')})`
  if (shape.length === 3 && shape[0] !== 3 && shape[2] === 3) return `img ${sides} in HWC order, not CHW`
  if (!isPlanes(image)) return `img of shape ${sides}, not (3, H, W)`
  if (first && (shape[1] !== first.shape[1] || shape[2] !== first.shape[2])) {
    return `img of shape ${sides} where others have (${first.shape.join(', ')})`
  }
  if (first && kind !== first.kind) return `img of type ${kind} where others have ${first.kind}`
  return undefined
}

const kindNames: Record<ImageKind, string> = { u8: 'uint8', f16: 'float16', f32: 'float32', f64: 'float64' }

function describeStorage({ images, kind }: ChallengeIndex, scale: Scale): string {
  const image = images.find((found) => found && isPlanes(found))
  const layout = image?.chunks ? ['chunked', ...image.filters].join(' ') : 'contiguous'
  const range = kind === 'u8' || scale === 255 ? '0 to 255' : '0 to 1'
  return `${layout} ${kindNames[kind]} CHW, ${range}`
}

// What is known of the patches, and how their images are found.
interface KnownPatches extends Omit<SoundIndex, 'places'> {
  readonly faults: readonly Fault[]
  imageOf(row: number): Promise<Hdf5Dataset | undefined>
}

function makeSet(file: Hdf5File, path: string, known: KnownPatches, said: Provenance): OpenedPatchSet {
  const { ids, labels, centers, slides, height, width, kind, scale, storage, faults, leftOut } = known
  const area = height * width
  const files = [path, ...file.otherFiles()]
  return {
    format: 'challenge',
    source: path,
    ...said,
    storage,
    dtype: kind,
    parts: null,
    faults,
    leftOut,
    count: ids.length,
    height,
    width,
    ids,
    centers,
    slides,
    patients: null,
    labels,
    async read(rows) {
      const wanted: Hdf5Dataset[] = []
      for (const row of Array.from(rows)) wanted.push(await soundImage(path, known, row))
      const out = new Uint8Array(wanted.length * area * 3)
      await file.readEach(wanted, (i, bytes) => {
        const fault = planesToPixels(kind, bytes, area, scale, out, i * area * 3)
        if (fault) throw new DataError(describeValueFault(path, wanted[i], fault, scale))
      })
      return pixels(out, wanted.length, height, width)
    },
    fingerprint: () => fingerprintFiles(files),
    files,
    close: () => file.close(),
  }
}

async function soundImage(
  path: string,
  { imageOf, ids, kind, height, width }: KnownPatches,
  row: number,
): Promise<Hdf5Dataset> {
  if (!(row in ids)) throw new DataError({ where: path, expected: `rows below ${ids.length}`, got: `${row}` })
  const image = await imageOf(row)
  const isSound =
    image && image.kind === kind && isPlanes(image) && image.shape[1] === height && image.shape[2] === width
  if (!isSound)
    throw new DataError({
      where: `${path}/${ids[row]}`,
      got: findImageFault({ value: image }, undefined) ?? 'another shape',
    })
  return image
}

function describeValueFault(path: string, image: Hdf5Dataset, fault: string, scale: Scale) {
  const where = `${path}/${image.path}`
  if (fault === 'scale') {
    return { where, expected: 'values up to 255, as in other patches of the file', got: 'values from 0 to 1' }
  }
  return { where, expected: `values in [0, ${scale}]`, got: fault === 'NaN' ? 'NaN' : 'values beyond' }
}

// A file is of one scale: floats up to 1, or up to 255. Some images, spread over the file, vote, because one may
// be black and another damaged.
async function findScale(file: Hdf5File, { images, kind }: ChallengeIndex): Promise<Scale> {
  const step = Math.max(1, Math.floor(images.length / 16))
  const sound = images.map((image) => (image?.kind === kind && isPlanes(image) ? image : undefined))
  const sampled = sound.flatMap((image, row) => (image && row % step === 0 ? [image] : []))
  if (kind === 'u8') {
    await refuseBits(file, [...sampled, ...sound.flatMap((image) => image ?? [])])
    return 255
  }
  let votes = 0
  for (const image of sampled) {
    const maximum = await readMaximum(file, image, kind)
    if (maximum > 0) votes += maximum > 1.5 ? 1 : -1
  }
  return votes > 0 ? 255 : 1
}

// Bytes of 0 and 1 alone are masks, or floats of 0 to 1 that were cut to whole numbers. The first image of more ends the
// search; a file of 0 alone is black.
async function refuseBits(file: Hdf5File, images: readonly Hdf5Dataset[]): Promise<void> {
  let largest = 0
  for (const image of images) {
    largest = Math.max(largest, await readMaximum(file, image, 'u8'))
    if (largest > 1) return
  }
  if (largest === 0) return
  const hint = 'store floats of 0 to 1 as floats, or times 255 as bytes'
  throw new DataError({ where: file.path, expected: 'bytes from 0 to 255', got: '0 and 1 alone', hint })
}

// 0 for one that cannot be read: it has no vote, and is named when it is read.
async function readMaximum(file: Hdf5File, image: Hdf5Dataset, kind: ImageKind): Promise<number> {
  let maximum = 0
  await attempt(() =>
    file.readEach([image], (_, bytes) => {
      maximum = maximumOf(kind, bytes)
    }),
  )
  return maximum
}
