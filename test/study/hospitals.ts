// Embeddings of hospitals made by hand, for tests that need no patches: the label shifts the first dimension, the center all.

import { f32, type NdArray, openRandom } from '../../src/base/index.ts'
import { type Columns, writeCsv } from '../../src/formats/index.ts'

/** Labelled rows of several centers. */
export interface Hospitals {
  readonly x: NdArray<'f32'>
  readonly ids: readonly string[]
  readonly labels: Uint8Array
  readonly centers: readonly string[]
  readonly slides: readonly string[]
  readonly patients: readonly string[]
}

/** `perCenter` rows of each of `centers`, on four slides of two patients, of eight dimensions. */
export function makeHospitals(centers: readonly string[], perCenter = 40, shift = 0.5): Hospitals {
  const random = openRandom(5, 'hospitals')
  const rows = centers.flatMap((center, c) =>
    Array.from({ length: perCenter }, (_, i) => ({ center, c, i, label: i % 2 })),
  )
  const offsets = centers.map(() => Array.from({ length: 8 }, () => shift * random.normal()))
  return {
    x: f32(
      [rows.length, 8],
      rows.flatMap(({ c, label }) =>
        offsets[c].map((own, k) => own + random.normal() + (k === 0 ? 2 * label : 0)),
      ),
    ),
    ids: rows.map((_, row) => `p${row}`),
    labels: Uint8Array.from(rows, ({ label }) => label),
    centers: rows.map(({ center }) => center),
    slides: rows.map(({ i }) => String((i >> 1) % 4)),
    patients: rows.map(({ center, i }) => `${center}-${((i >> 1) % 4) >> 1}`),
  }
}

/** What is known of each row, as CSV; `without` leaves columns out, `also` adds some. */
export function describeHospitals(
  { ids, labels, centers, slides, patients }: Hospitals,
  without: readonly string[] = [],
  also: Columns = {},
): string {
  const columns: Columns = { id: ids, center: centers, slide: slides, patient: patients, label: labels }
  const kept = Object.entries(columns).filter(([name]) => !without.includes(name))
  return writeCsv({ ...Object.fromEntries(kept), ...also })
}

/** The embeddings as columns `f0`, `f1`, ... */
export function listDimensions({ x }: Hospitals): Record<string, Float32Array> {
  const [rows, columns] = x.shape
  return Object.fromEntries(
    Array.from({ length: columns }, (_, k) => [
      `f${k}`,
      Float32Array.from({ length: rows }, (_, row) => x.data[row * columns + k]),
    ]),
  )
}

/** The rows in another order. */
export function reorderHospitals(hospitals: Hospitals, order: readonly number[]): Hospitals {
  const { x, ids, labels, centers, slides, patients } = hospitals
  const columns = x.shape[1]
  const pick = (names: readonly string[]) => order.map((row) => names[row])
  return {
    x: f32(
      x.shape,
      order.flatMap((row) => [...x.data.subarray(row * columns, (row + 1) * columns)]),
    ),
    ids: pick(ids),
    labels: Uint8Array.from(order, (row) => labels[row]),
    centers: pick(centers),
    slides: pick(slides),
    patients: pick(patients),
  }
}
