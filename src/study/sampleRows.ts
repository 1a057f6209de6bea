// What working on embeddings costs, measured on a few seeded random rows of the right dimensions: training a head, evaluating,
// telling centers apart.

import { f32, openRandom } from '../base/index.ts'
import type { ProviderChoice } from '../engine/index.ts'
import { evaluate, measureSignature } from '../evaluate/index.ts'
import type { AxisEntry, PlainOptions } from '../recipe/index.ts'
import { headMethodOf } from '../recipe/index.ts'
import { type Sample, type SamplePlace, time } from './samplePatches.ts'

const rowsAtMost = 2048
const valuesAtMost = 2 ** 22
// A fit of one epoch that takes longer is not done again to be sure.
const secondsOfOne = 1
// Training ends so many times its patience after it began, as far as studies have shown.
const patiences = 1.5

/** Of training a head on `rows` rows: a network for a few epochs, from which follows what it takes until it stops. */
export async function sampleHead(
  entry: AxisEntry,
  rows: number,
  dimensions: number,
  { device, threads }: SamplePlace,
): Promise<Sample[]> {
  const method = headMethodOf(entry)
  const count = Math.max(64, Math.min(rows, rowsAtMost, Math.floor(valuesAtMost / dimensions)))
  const [known, val] = [makeRows(count, dimensions, 'train'), makeRows(64, dimensions, 'val')]
  const train = (options: PlainOptions) =>
    method.fit(known, val, options, 0, { device: device as ProviderChoice, threads })
  if (entry.name === 'knn') {
    const seconds = await time(async () => (await train(entry.options)).predict(known.x))
    return [{ items: count ** 2, seconds }]
  }
  const { epochs, patience } = entry.options as { readonly epochs?: number; readonly patience?: number }
  const timeFit = (options: PlainOptions) => time(async () => (await train(options)).close?.())
  if (epochs === undefined) return [{ items: count, seconds: await timeFit(entry.options) }]
  // The first fit of a process is slow to begin, as that of a study's job is; what an epoch takes shows once it is over.
  const first = await timeFit({ ...entry.options, epochs: 1 })
  const one = first > secondsOfOne ? first : await timeFit({ ...entry.options, epochs: 1 })
  const more = first > secondsOfOne ? 2 : 5
  const many = await timeFit({ ...entry.options, epochs: more })
  const epoch = Math.max((many - one) / (more - 1), many / (4 * more))
  const start = Math.max(0, first - epoch)
  const expected = Math.min(epochs, Math.ceil(patiences * (patience ?? epochs)))
  return [
    { items: 0, seconds: start },
    { items: count, seconds: start + expected * epoch },
  ]
}

/** Of evaluating rows whose labels are these. */
export async function sampleEvaluation(
  labels: Uint8Array,
  centers: readonly string[] | null,
  slides: readonly string[] | null,
): Promise<Sample[]> {
  const items = Math.min(rowsAtMost, labels.length)
  const random = openRandom(0, 'sample')
  const few = <T>(values: readonly T[] | null) => values?.slice(0, items) ?? null
  const options = {
    labels: labels.slice(0, items),
    centers: few(centers),
    slides: few(slides),
    probabilities: Float32Array.from({ length: items }, () => random.uniform()),
    seed: 0,
  }
  return [{ items, seconds: await time(async () => evaluate(options)) }]
}

/** Of telling two centers apart; items are pairs of rows. */
export async function sampleSignature(dimensions: number): Promise<Sample[]> {
  const rows = 200
  const { x, y } = makeRows(rows, dimensions, 'signature')
  const centers = Array.from(y, String)
  return [{ items: rows ** 2, seconds: await time(() => measureSignature({ x, centers }, { seed: 0 })) }]
}

// Two classes that lie within each other, by dimensions that go along with their neighbours, as those of embeddings do: how
// long a solver takes depends on it.
function makeRows(count: number, dimensions: number, use: string) {
  const random = openRandom(0, 'sample', use)
  const values = new Float32Array(count * dimensions)
  for (let row = 0; row < count; row++) {
    let last = random.normal()
    for (let column = 0; column < dimensions; column++) {
      last = alike * last + Math.sqrt(1 - alike ** 2) * random.normal()
      values[row * dimensions + column] = last + 0.1 * (row % 2)
    }
  }
  return { x: f32([count, dimensions], values), y: Uint8Array.from({ length: count }, (_, row) => row % 2) }
}

// The correlation of neighbours under which logistic regression takes as long as on texture embeddings.
const alike = 0.97
