// Whether a study and its twin in Python did the same: the stained pixels of some patches, the embeddings of all test patches,
// and how often both are right. And how many lines each took to write.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { slicePixels } from '../src/base/index.ts'
import { readCsvFile, readNpyFile } from '../src/files/index.ts'
import { openPatchSet } from '../src/patches/index.ts'
import { classicalMethods } from '../src/stain/index.ts'

/** Where the data lie, Eosin's run folder, and what Python reads and writes. */
export interface TwinFiles {
  readonly data: string
  readonly run: string
  readonly weights: string
  /** The folder of pixels.npy and embeddings.npy, of the test patches. */
  readonly check: string
  readonly predictions: string
}

/** In words, the largest differences between both sides on the test patches. */
export async function compareTwins(files: TwinFiles, reference: string): Promise<string> {
  const { largest, share } = await comparePixels(files, reference)
  const { least, mean } = await compareEmbeddings(files)
  const { own, peer, agreed } = await comparePredictions(files)
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  return [
    `stained pixels differ by ${largest} levels at most (${(100 * share).toFixed(3)} % of them)`,
    `cosine of embeddings ${mean.toFixed(6)}, least ${least.toFixed(6)}`,
    `test accuracy ${percent(own)} here, ${percent(peer)} there, same prediction for ${percent(agreed)}`,
  ].join('; ')
}

async function comparePixels({ data, check }: TwinFiles, reference: string) {
  const theirs = await readNpyFile(join(check, 'pixels.npy'))
  const [train, test] = [
    await openPatchSet(join(data, 'train.h5')),
    await openPatchSet(join(data, 'test.h5')),
  ]
  const { macenko } = classicalMethods
  const options = { ...macenko.defaults, compatibility: 'torchstain' } as const
  const target = await train.read([train.ids.indexOf(reference)])
  const fit = await macenko.fit(streamOf(target), options)
  const batch = await test.read(Array.from({ length: theirs.shape[0] }, (_, row) => row))
  const { pixels } = await macenko.apply(slicePixels(batch, 0, batch.count), fit, options)
  await train.close()
  await test.close()
  return measureDifference(pixels.data, theirs.data as Uint8Array)
}

async function* streamOf<T>(value: T): AsyncGenerator<T> {
  yield value
}

/** The largest difference between two arrays, and the share of their values that differ. */
export function measureDifference(a: ArrayLike<number>, b: ArrayLike<number>) {
  if (a.length !== b.length) throw new RangeError(`twins: ${a.length} values against ${b.length}`)
  let [largest, count] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i])
    if (difference > 0) count++
    if (difference > largest) largest = difference
  }
  return { largest, share: count / a.length }
}

async function compareEmbeddings({ run, check }: TwinFiles) {
  const results = JSON.parse(await readFile(join(run, 'results.json'), 'utf8'))
  const own = await readNpyFile(join(run, results.embeddings['macenko/dinov2-small/test'].file))
  const theirs = await readNpyFile(join(check, 'embeddings.npy'))
  return measureCosines(own.data as Float32Array, theirs.data as Float32Array, theirs.shape[1])
}

/** The least and the mean cosine between the rows of two matrices of so many columns. */
export function measureCosines(a: ArrayLike<number>, b: ArrayLike<number>, columns: number) {
  if (a.length !== b.length) throw new RangeError(`twins: ${a.length} values against ${b.length}`)
  const rows = a.length / columns
  let [least, sum] = [1, 0]
  for (let row = 0; row < rows; row++) {
    let [product, ownSquare, otherSquare] = [0, 0, 0]
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      product += a[i] * b[i]
      ownSquare += a[i] ** 2
      otherSquare += b[i] ** 2
    }
    const cosine = product / Math.sqrt(ownSquare * otherSquare)
    least = Math.min(least, cosine)
    sum += cosine
  }
  return { least, mean: sum / rows }
}

// Eosin's predictions.csv has a column a cell, after those of the patch.
async function comparePredictions({ run, predictions }: TwinFiles) {
  const [own, peer] = [await readCsvFile(join(run, 'predictions.csv')), await readCsvFile(predictions)]
  const column = Object.keys(own).find((title) => title.includes('/'))!
  const callsOf = (table: Record<string, string[]>, title: string) =>
    new Map(
      table.id.flatMap((id, row) =>
        table.split[row] === 'test' ? [[id, Number(table[title][row]) > 0.5]] : [],
      ),
    )
  const [ownCalls, peerCalls] = [callsOf(own, column), callsOf(peer, 'probability')]
  const labels = peer.id.flatMap((id, row) =>
    peer.split[row] === 'test' ? [{ id, isTumour: peer.label[row] === '1' }] : [],
  )
  const shareOf = (isSo: (patch: (typeof labels)[number]) => boolean) =>
    labels.filter(isSo).length / labels.length
  return {
    own: shareOf(({ id, isTumour }) => ownCalls.get(id) === isTumour),
    peer: shareOf(({ id, isTumour }) => peerCalls.get(id) === isTumour),
    agreed: shareOf(({ id }) => ownCalls.get(id) === peerCalls.get(id)),
  }
}

/** Lines of a recipe or of Python, without blank lines, comments and docstrings. */
export function countCode(text: string): number {
  const lines = text.replace(/^\s*"""[\s\S]*?"""\s*$/gm, '').split('\n')
  return lines.filter((line) => /^\s*[^\s#]/.test(line)).length
}
