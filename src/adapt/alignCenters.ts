// The maps that bring the embeddings of every center to one footing, each from the center's own patches, without labels.
// `standardize` and `robust` bring location and spread of each dimension to 0 and 1. `coral` brings the correlations to
// those of the training centers as well: correlation alignment, Sun, Feng & Saenko, "Return of frustratingly easy domain
// adaptation" (2016), with the identity added to both matrices as there; but a new center is brought to the training
// centers, not these to it, so that one head serves every new center.

import {
  DataError,
  f32,
  leastPatches,
  type NdArray,
  type RowSource,
  readBlocks,
  reorderRows,
} from '../base/index.ts'
import type { Alignment } from './adaptation.ts'
import type { CenterMap } from './centerMaps.ts'
import { takeRoots } from './matrixRoots.ts'
import { openProduct, type Product } from './product.ts'

/** The patches of one center in one set. */
export interface CenterRows {
  readonly center: string
  /** Which rows of `x`, in the order of their content. */
  readonly rows: Uint32Array
  /** [patches, dimensions] */
  readonly x: RowSource
}

// Medians are taken of so many patches, at most, which their content chooses.
const mostForMedians = 4096

/** The root of the training centers' mean correlation matrix, the identity added: what `coral` brings centers to. */
export type CoralReference = NdArray<'f32'>

/** Where `coral` brings centers to, from the training centers. */
export async function referCoral(training: readonly CenterRows[], threads?: number): Promise<CoralReference> {
  const product = await openProduct(threads)
  try {
    const columns = training[0].x.shape[1]
    const sum = f32([columns, columns])
    for (const group of training) {
      const { data } = await correlate(group, await measure(group, 'standardize'), product)
      for (let i = 0; i < data.length; i++) sum.data[i] += data[i] / training.length
    }
    return (await takeRoots(sum, product)).root
  } finally {
    await product.close()
  }
}

/**
 * The map of each center. `reference` is for `coral`. Throws DataError where a center has fewer than 16 patches, or none that differs from another.
 */
export async function alignCenters(
  groups: readonly CenterRows[],
  align: Exclude<Alignment, 'none'>,
  reference: CoralReference | null,
  threads?: number,
): Promise<CenterMap[]> {
  const product = reference && (await openProduct(threads))
  try {
    const maps: CenterMap[] = []
    for (const group of groups) {
      const moved = await measure(group, align === 'robust' ? 'robust' : 'standardize')
      const turn = product && (await turnOf(group, moved, reference!, product))
      maps.push({ ...moved, turn })
    }
    return maps
  } finally {
    await product?.close()
  }
}

type Moved = Pick<CenterMap, 'shift' | 'scale'>

async function measure(group: CenterRows, align: 'standardize' | 'robust'): Promise<Moved> {
  const { center, rows } = group
  const where = `center ${center}`
  if (rows.length < leastPatches) {
    throw new DataError({
      where,
      expected: `at least ${leastPatches} patches, to adapt to the center by their statistics`,
      got: String(rows.length),
      hint: 'give more patches of the center at once, or choose a cell without adaptation to the target',
    })
  }
  const moved = align === 'robust' ? await measureMedians(group) : await measureMoments(group)
  if (moved.scale.some((value) => value !== 0)) return moved
  throw new DataError({
    where,
    expected: 'patches that differ',
    got: `${rows.length} patches with one and the same embedding`,
  })
}

async function measureMoments({ x, rows }: CenterRows): Promise<Moved> {
  const columns = x.shape[1]
  const mean = new Float64Array(columns)
  await eachRow(x, rows, (data, start) => {
    for (let k = 0; k < columns; k++) mean[k] += data[start + k] / rows.length
  })
  const variance = new Float64Array(columns)
  await eachRow(x, rows, (data, start) => {
    for (let k = 0; k < columns; k++) variance[k] += (data[start + k] - mean[k]) ** 2 / rows.length
  })
  return {
    shift: Float32Array.from(mean),
    scale: Float32Array.from(variance, (value, k) => invertSpread(Math.sqrt(value), mean[k])),
  }
}

// Deviations that are mere rounding are none.
const invertSpread = (spread: number, location: number) =>
  spread <= 1e-7 * Math.abs(location) || spread === 0 ? 0 : 1 / spread

// The median absolute deviation of normal values is .6745 standard deviations.
const deviationsPerSpread = 0.6744897501960817

async function measureMedians({ x, rows, ...rest }: CenterRows): Promise<Moved> {
  const sample = rows.subarray(0, mostForMedians)
  const usual = await measureMoments({ x, rows: sample, ...rest })
  const columns = x.shape[1]
  const values = new Float32Array(sample.length * columns)
  await x.gather(sample, values)
  const shift = new Float32Array(columns)
  const scale = new Float32Array(columns)
  for (let k = 0; k < columns; k++) {
    const own = Float64Array.from(sample, (_, i) => values[i * columns + k])
    const middle = medianOf(own)
    const spread = medianOf(own.map((value) => Math.abs(value - middle))) / deviationsPerSpread
    shift[k] = middle
    // Where more than half of the values are the same, only the others tell of spread.
    scale[k] = spread > 0 ? invertSpread(spread, middle) : usual.scale[k]
  }
  return { shift, scale }
}

function medianOf(values: Float64Array): number {
  const sorted = values.toSorted()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

async function turnOf(
  group: CenterRows,
  moved: Moved,
  reference: CoralReference,
  product: Product,
): Promise<NdArray<'f32'>> {
  const { inverseRoot } = await takeRoots(await correlate(group, moved, product), product)
  return product.run(inverseRoot, reference)
}

// The correlation matrix of a center's patches, the identity added.
async function correlate(
  { x, rows }: CenterRows,
  { shift, scale }: Moved,
  product: Product,
): Promise<NdArray<'f32'>> {
  const columns = x.shape[1]
  const sum = f32([columns, columns])
  for await (const block of readBlocks(reorderRows(x, rows))) {
    const standard = f32(
      block.shape,
      block.data.map((value, i) => (value - shift[i % columns]) * scale[i % columns]),
    )
    const { data } = await product.run(standard, standard)
    for (let i = 0; i < data.length; i++) sum.data[i] += data[i] / rows.length
  }
  for (let k = 0; k < columns; k++) sum.data[k * columns + k] += 1
  return sum
}

async function eachRow(
  x: RowSource,
  rows: Uint32Array,
  look: (data: Float32Array, start: number) => void,
): Promise<void> {
  const columns = x.shape[1]
  for await (const { data } of readBlocks(reorderRows(x, rows))) {
    for (let start = 0; start < data.length; start += columns) look(data, start)
  }
}
