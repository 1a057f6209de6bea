// Reading the images of stain fixtures and comparing with them.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pixels } from '../src/base/index.ts'
import { decodeImage } from '../src/files/index.ts'
import type { ConformanceResult } from './result.ts'

/** The input image `name`: all stain fixtures share one folder of inputs. */
export function readInput(folder: string, name: string): Promise<Pixels> {
  return readPicture(join(folder, '..', 'stain_images', `${name}.png`))
}

/** A fixture's expected image, or null where the fixture has none of that name. */
export async function readExpected(folder: string, name: string): Promise<Pixels | null> {
  const path = join(folder, `${name}.png`)
  return existsSync(path) ? readPicture(path) : null
}

async function readPicture(path: string): Promise<Pixels> {
  return decodeImage(await readFile(path), path)
}

/** One batch as a stream, as `fit` takes it. */
export async function* streamOf(...batches: Pixels[]): AsyncGenerator<Pixels> {
  yield* batches
}

/** The largest difference of two lists of numbers, NaN where one is not finite or lengths differ. */
export function largestDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.NaN
  let largest = 0
  for (let i = 0; i < got.length; i++) {
    const difference = Math.abs(got[i] - expected[i])
    if (!(difference <= largest)) largest = difference
    if (Number.isNaN(largest)) return largest
  }
  return largest
}

/** Compares two lists of numbers. */
export function compare(
  quantity: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): ConformanceResult {
  return { quantity, error: largestDifference(got, expected), tolerance }
}

/** Compares two images by the mean of the absolute differences. */
export function compareMean(
  quantity: string,
  got: Uint8Array,
  expected: Uint8Array,
  tolerance: number,
): ConformanceResult {
  let sum = 0
  for (let i = 0; i < got.length; i++) sum += Math.abs(got[i] - expected[i])
  return { quantity, error: got.length === expected.length ? sum / got.length : Number.NaN, tolerance }
}

/** A yes or no as a result: error 0 where `holds`. */
export function assertion(quantity: string, holds: boolean): ConformanceResult {
  return { quantity, error: holds ? 0 : 1, tolerance: 0 }
}
