// Temperatures of centers: how sure a head is differs from hospital to hospital.

import { compareText, DataError } from '../base/index.ts'
import { fitTemperature } from './temperature.ts'

/** One temperature for each labelled center, and one for centers without labels. */
export interface CenterTemperatures {
  readonly byCenter: Readonly<Record<string, number>>
  /** Of all rows together: what an unlabelled center is given. */
  readonly pooled: number
}

/**
 * Fits temperatures on labelled rows that the head did not train on: one a center, and one on all of them. Logits are
 * divided by them. Throws DataError where columns differ in length or there are no rows. Sums go by the rows' values, so
 * that their order carries no meaning.
 */
export function fitCenterTemperatures(
  logits: Float32Array,
  y: Uint8Array,
  centers: readonly string[],
): CenterTemperatures {
  for (const [name, { length }] of Object.entries({ logits, centers })) {
    if (length !== y.length || length === 0) {
      const expected = y.length > 0 ? `${y.length} entries` : 'at least one row'
      throw new DataError({ where: `fitCenterTemperatures ${name}`, expected, got: `${length}` })
    }
  }
  const rows = Array.from(y, (_, row) => row).sort((i, j) => logits[i] - logits[j] || y[i] - y[j])
  const fitRows = (chosen: readonly number[]) =>
    fitTemperature(
      Float32Array.from(chosen, (row) => logits[row]),
      Uint8Array.from(chosen, (row) => y[row]),
    )
  const names = [...new Set(centers)].sort(compareText)
  return {
    byCenter: Object.fromEntries(
      names.map((name) => [name, fitRows(rows.filter((row) => centers[row] === name))]),
    ),
    pooled: fitRows(rows),
  }
}

/** The temperature of a center: its own where it was fitted, else the pooled one. */
export function temperatureOf({ byCenter, pooled }: CenterTemperatures, center: string | null): number {
  return center !== null && Object.hasOwn(byCenter, center) ? byCenter[center] : pooled
}
