// Reads a run folder for its report and checks what the report leans on.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { DataError, systemCode } from '../base/index.ts'
import { type Results, readJson } from '../runs/index.ts'
import type {
  Gallery,
  LearnedStain,
  Manifest,
  Metrics,
  ReportData,
  RunForecast,
  StageTiming,
  StainedSample,
} from './data.ts'

const PICTURES_AT_MOST_BYTES = 3_300_000 // base64 adds a third: the report stays under 5 MB

/** Reads what a report shows of a run folder. Throws DataError where a file is missing or damaged. */
export async function readRunFolder(runFolder: string): Promise<ReportData> {
  const at = (name: string) => join(runFolder, name)
  const manifest = await readJson<Manifest>(at('manifest.json'))
  const metrics = await readJson<Metrics>(at('metrics.json'))
  checkManifest(at('manifest.json'), manifest)
  checkMetrics(at('metrics.json'), metrics)
  const gallery = await readOptional<Gallery>(at('gallery.json'))
  return {
    cache: findCache(await readOptional<Results>(at('results.json'))),
    hasSubmission: existsSync(at('submission.csv')),
    manifest,
    // Runs of versions that did not adapt do not say so.
    metrics: { ...metrics, cells: metrics.cells.map((cell) => ({ ...cell, adapt: cell.adapt ?? 'none' })) },
    recipe: await readFile(at('recipe.yaml'), 'utf8').catch(ignoreMissing),
    timings: (await readOptional<StageTiming[]>(at('timings.json'))) ?? [],
    forecast: await readOptional<RunForecast>(at('forecast.json')),
    gallery,
    learned: (await readOptional<LearnedStain[]>(at('training.json'))) ?? [],
    images: await readPictures(runFolder, gallery),
  }
}

// Heads lie in the cache as <cache>/classify/<key>/head.
function findCache(results: Results | null): string | null {
  const [first] = Object.values(results?.cells ?? {}).flat()
  const stage = first ? posix.dirname(posix.dirname(first.head)) : ''
  return posix.basename(stage) === 'classify' ? posix.dirname(stage) : null
}

export function checkManifest(where: string, { splits, versions, seeds, origin }: Manifest): void {
  if (!splits || !versions || !Array.isArray(seeds) || !origin) {
    throw new DataError({
      where,
      expected: 'splits, versions, seeds and origin',
      hint: 'run the study again',
    })
  }
}

export function checkMetrics(where: string, { cells, chosen }: Metrics): void {
  if (!Array.isArray(cells) || !cells.some((cell) => cell.id === chosen)) {
    throw new DataError({
      where,
      expected: 'cells, among them the chosen one',
      got: `chosen '${chosen}'`,
      hint: 'run the study again',
    })
  }
}

async function readOptional<T>(path: string): Promise<T | null> {
  return existsSync(path) ? readJson<T>(path) : null
}

function ignoreMissing(cause: unknown): null {
  if (systemCode(cause) === 'ENOENT') return null
  throw cause
}

// Pictures in the order of their worth to a reader, until the file would grow too large.
async function readPictures(runFolder: string, gallery: Gallery | null): Promise<Map<string, string>> {
  const images = new Map<string, string>()
  if (!gallery) return images
  const wanted = [
    ...gallery.stains.flatMap(listFiles),
    ...gallery.errors.map(({ file }) => file),
    ...takeTurns(gallery.learned ?? []).flatMap(listFiles),
    ...[...gallery.samples, ...gallery.rejected].map(({ file }) => file),
  ]
  const uses = new Map<string, number>() // a picture is in the page as often as it is shown
  for (const file of wanted) uses.set(file, (uses.get(file) ?? 0) + 1)
  let bytes = 0
  for (const [file, times] of uses) {
    if (file !== basename(file)) continue // a name that leaves gallery/ is no picture of this run
    const png = await readFile(join(runFolder, 'gallery', file)).catch(ignoreMissing)
    if (!png || !isPng(png) || bytes + times * png.length > PICTURES_AT_MOST_BYTES) continue
    bytes += times * png.length
    images.set(file, `data:image/png;base64,${png.toString('base64')}`)
  }
  return images
}

// Under 'none' a patch is what it was.
function listFiles({ original, methods }: StainedSample): string[] {
  return [original.file, ...methods.filter(({ stain }) => stain !== 'none').map(({ file }) => file)]
}

// The first patch of every center, then the second of each: none goes without because others came first.
function takeTurns(samples: readonly StainedSample[]): readonly StainedSample[] {
  const seen = new Map<string, number>()
  const turns = samples.map((sample) => {
    const place = `${sample.original.split} ${sample.original.center}`
    const turn = seen.get(place) ?? 0
    seen.set(place, turn + 1)
    return { sample, turn }
  })
  return turns.sort((a, b) => a.turn - b.turn).map(({ sample }) => sample)
}

function isPng(bytes: Uint8Array): boolean {
  return [0x89, 0x50, 0x4e, 0x47].every((byte, i) => bytes[i] === byte)
}
