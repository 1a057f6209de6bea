// Step 6: the pictures of a run: samples of every center, rejected patches, stains side by side, learned stains center
// by center, and the most confident errors. Chosen by seed and content, never by id or the order of rows.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compareText, groupRows, openRandom, type Pixels } from '../../base/index.ts'
import { spreadThreshold } from '../../evaluate/index.ts'
import { encodePng, makeFolder, nameFile, writeFileAtomic } from '../../files/index.ts'
import type { StudyStain } from '../../normalise/index.ts'
import { stainBatch } from '../../normalise/index.ts'
import type { Gallery, GalleryImage, Split, StainedSample } from '../../runs/index.ts'
import { type CandidatePredictions, truthOf } from './evaluateCell.ts'
import type { FilteredSplit } from './filter.ts'

const samplesPerCenter = 6
const learnedAtMost = 60
const rejectedAtMost = 24
const errorsAtMost = 16

/** What the chosen cell says of val and test. */
type ChosenPredictions = Pick<CandidatePredictions, 'probabilities' | 'thresholds'>

type Filtered = Readonly<Partial<Record<Split, FilteredSplit>>>

/** Writes gallery/*.png into the run folder and says what they show. */
export async function makeGallery(
  folder: string,
  seed: number,
  filtered: Filtered,
  stains: readonly StudyStain[],
  chosen: ChosenPredictions | null,
): Promise<Gallery> {
  const pictures = await openAlbum(join(folder, 'gallery'))
  const splits = Object.values(filtered)
  const centers = splits.flatMap((split) =>
    sampleByCenter(seed, split).map(([center, rows]) => ({ split, center, rows })),
  )
  const samples: GalleryImage[] = []
  const stainRows: StainedSample[] = []
  for (const { split, center, rows } of centers) {
    for (const row of rows) samples.push(await savePatch(pictures, split, row))
    if (stainRows.some(({ original }) => original.center === center)) continue
    stainRows.push(await saveStains(pictures, split, rows[0], stains))
  }
  const learned = await saveLearned(pictures, centers, stains)
  const gallery = {
    samples,
    rejected: await saveRejected(pictures, seed, splits),
    stains: stainRows,
    ...(learned.length > 0 && { learned }),
    errors: await saveErrors(pictures, filtered, chosen),
  }
  await pictures.close()
  return gallery
}

/** A folder of pictures, several of which are written at once. */
interface Album {
  /** Begins to write a picture. Throws what an earlier one threw. */
  save(file: string, picture: Pixels): Promise<void>
  /** Waits until all are written. */
  close(): Promise<void>
}

// Pictures that are held in memory and written, at most.
const writtenAtOnce = 8

async function openAlbum(folder: string): Promise<Album> {
  await rm(folder, { recursive: true, force: true })
  await makeFolder(folder)
  const writing = new Set<Promise<void>>()
  const write = async (file: string, picture: Pixels) =>
    writeFileAtomic(join(folder, file), await encodePng(picture))
  return {
    async save(file, picture) {
      if (writing.size >= writtenAtOnce) await Promise.race(writing)
      const end = write(file, picture).then(() => void writing.delete(end))
      end.catch(() => {}) // thrown by whoever waits for it
      writing.add(end)
    },
    async close() {
      await Promise.all(writing)
    },
  }
}

function sampleByCenter(seed: number, split: FilteredSplit): [string | null, number[]][] {
  const { set } = split
  return [...groupRows(split.ordered, (row) => set.centers?.[row] ?? null)]
    .sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1))
    .map(([center, rows]) => {
      const order = openRandom(seed, 'samples', split.split, center ?? '').permutation(rows.length)
      return [center, Array.from(order.subarray(0, samplesPerCenter), (i) => rows[i])]
    })
}

async function saveStains(
  pictures: Album,
  split: FilteredSplit,
  row: number,
  stains: readonly StudyStain[],
): Promise<StainedSample> {
  const original = await savePatch(pictures, split, row)
  const rows = Uint32Array.of(row)
  const batch = { rows, pixels: await split.set.read(rows) }
  const methods: { stain: string; file: string; verdict: string }[] = []
  for (const stain of stains) {
    const { entry, groups } = stain
    const { pixels, verdicts, reasons } = await stainBatch(split.set, batch, stain, groups[split.split] ?? {})
    const file = `${split.split}-${nameFile(original.id)}+${nameFile(entry.label)}.png`
    await pictures.save(file, pixels)
    methods.push({
      stain: entry.label,
      file,
      verdict: reasons[0] ? `${verdicts[0]}: ${reasons[0]}` : verdicts[0],
    })
  }
  return { original, methods }
}

// As many samples of each center as keep the pictures few: all of five centers under two stains, two of each at least.
async function saveLearned(
  pictures: Album,
  centers: readonly { readonly split: FilteredSplit; readonly rows: readonly number[] }[],
  stains: readonly StudyStain[],
): Promise<StainedSample[]> {
  const learned = stains.filter(({ method }) => method.train)
  if (learned.length === 0) return []
  const perCenter = Math.max(2, Math.floor(learnedAtMost / (centers.length * learned.length)))
  const saved: StainedSample[] = []
  for (const { split, rows } of centers) {
    for (const row of rows.slice(0, perCenter)) saved.push(await saveStains(pictures, split, row, learned))
  }
  return saved
}

async function saveRejected(
  pictures: Album,
  seed: number,
  splits: readonly FilteredSplit[],
): Promise<Gallery['rejected']> {
  const all = splits.flatMap((split) => {
    const byRow = new Map(split.rejections.map((rejection) => [rejection.row, rejection]))
    return Array.from(split.order).flatMap((row) => {
      const rejection = byRow.get(row)
      return rejection ? [{ split, rejection }] : []
    })
  })
  const order = openRandom(seed, 'rejected').permutation(all.length)
  const shown: Gallery['rejected'][number][] = []
  for (const i of order.subarray(0, rejectedAtMost)) {
    const { split, rejection } = all[i]
    const { rule, value } = rejection
    shown.push({ ...(await savePatch(pictures, split, rejection.row)), rule, value })
  }
  return shown.sort((a, b) => compareText(a.rule, b.rule) || compareText(a.split, b.split))
}

async function saveErrors(
  pictures: Album,
  filtered: Filtered,
  chosen: ChosenPredictions | null,
): Promise<Gallery['errors']> {
  const errors: { split: FilteredSplit; row: number; probability: number; confidence: number }[] = []
  for (const split of [filtered.val, filtered.test]) {
    const probabilities = split && chosen?.probabilities[split.split]
    if (!split?.set.labels || !probabilities) continue
    const thresholds = spreadThreshold(
      chosen.thresholds[split.split]!,
      truthOf(split).centers,
      split.rows.length,
    )
    const places = new Map(Array.from(split.rows, (row, place) => [row, place]))
    for (const row of split.ordered) {
      const place = places.get(row)!
      const probability = probabilities[place]
      const isCalled = probability >= thresholds[place]
      const confidence = Math.abs(probability - thresholds[place])
      if (isCalled !== (split.set.labels![row] === 1)) errors.push({ split, row, probability, confidence })
    }
  }
  errors.sort((a, b) => b.confidence - a.confidence) // of equals, the one that comes first by content
  const shown: Gallery['errors'][number][] = []
  for (const { split, row, probability } of errors.slice(0, errorsAtMost)) {
    shown.push({ ...(await savePatch(pictures, split, row)), probability })
  }
  return shown
}

async function savePatch(pictures: Album, { split, set }: FilteredSplit, row: number): Promise<GalleryImage> {
  const id = set.ids[row]
  const file = `${split}-${nameFile(id)}.png`
  await pictures.save(file, await set.read([row]))
  const label = set.labels ? (set.labels[row] as 0 | 1) : null
  return { file, id, split, center: set.centers?.[row] ?? null, label }
}
