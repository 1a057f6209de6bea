// What a challenge file of many patches was found to hold, kept in the user's cache: going through 100,000 groups takes
// seconds, and every process of a study would do it. Trusted only while the file is the same, unchanged.

import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { findUserCache, hashBytes, readFileStates, readHead, writeFileAtomic } from '../files/index.ts'
import type { ImageKind, Scale } from './planes.ts'
import type { Fault } from './reader.ts'

/** All that is known of a file without faults before a pixel is read. */
export interface SoundIndex {
  readonly ids: readonly string[]
  /** Where in the file what describes each image lies. */
  readonly places: readonly number[]
  readonly labels: Uint8Array | null
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly height: number
  readonly width: number
  readonly kind: ImageKind
  readonly scale: Scale
  readonly storage: string
  readonly leftOut: readonly Fault[]
}

// Raised when the same file is understood in another way.
const format = 'eosin index 1'

// Fewer patches are gone through in no time.
const patchesAtLeast = 2000

// A column of few names, each of which is written once.
interface Names {
  readonly names: readonly string[]
  readonly rows: readonly number[]
}

interface Written extends Omit<SoundIndex, 'labels' | 'centers' | 'slides'> {
  readonly format: string
  /** Digest of the file's state. */
  readonly file: string
  readonly labels: string | null
  readonly centers: Names | null
  readonly slides: Names | null
}

/** What was remembered of the file at `path`; null where nothing is, or the file is not what it was. */
export async function recallIndex(path: string): Promise<SoundIndex | null> {
  if (!(await isRemembered(path))) return null
  try {
    const text = await readFile(placeOf(path)!, 'utf8')
    const { format: _, file: __, labels, centers, slides, ...rest } = JSON.parse(text) as Written
    return {
      ...rest,
      labels: labels === null ? null : Uint8Array.from(labels, Number),
      centers: centers && spread(centers),
      slides: slides && spread(slides),
    }
  } catch {
    return null // damaged: it is written again
  }
}

/** Whether something is remembered of the file at `path`, which is still what it was. */
export async function isRemembered(path: string): Promise<boolean> {
  const place = placeOf(path)
  const head = place && (await readHead(place).catch(() => null))
  if (!head) return false
  const { digest, areSettled } = await readFileStates([path])
  return areSettled && Buffer.from(head.bytes).toString('latin1').startsWith(beginning(digest))
}

/** Remembers what the file at `path` holds, given the state it was in before it was read; never throws. */
export async function rememberIndex(path: string, before: string, index: SoundIndex): Promise<void> {
  const place = placeOf(path)
  if (!place || index.ids.length < patchesAtLeast) return
  const { digest, areSettled } = await readFileStates([path])
  if (!areSettled || digest !== before) return
  const { labels, centers, slides, ...rest } = index
  const written: Written = {
    format,
    file: digest,
    ...rest,
    labels: labels === null ? null : labels.join(''),
    centers: centers && gather(centers),
    slides: slides && gather(slides),
  }
  await writeFileAtomic(place, JSON.stringify(written)).catch(() => {}) // of a disk that is full or read only
}

function placeOf(path: string): string | null {
  const cache = findUserCache()
  return cache && join(cache, 'indexes', `${hashBytes(resolve(path)).slice(0, 32)}.json`)
}

const beginning = (digest: string) => JSON.stringify({ format, file: digest }).slice(0, -1)

function gather(column: readonly string[]): Names {
  const numbers = new Map<string, number>()
  for (const name of column) if (!numbers.has(name)) numbers.set(name, numbers.size)
  return { names: [...numbers.keys()], rows: column.map((name) => numbers.get(name)!) }
}

const spread = ({ names, rows }: Names) => rows.map((number) => names[number])
