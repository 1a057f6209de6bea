// Probabilities as rows, and as CSV: what `eosin predict` writes, with the place of each patch in its picture.

import { writeCsv } from '../../../../src/formats/index.ts'

/** A picture that was cut into `columns` patches a row, with their probabilities; NaN for one that was not predicted. */
export interface PredictedPicture {
  readonly name: string
  readonly columns: number
  readonly probabilities: Float32Array
}

/** One patch. */
export interface PredictedPatch {
  readonly id: string
  /** Of the patch in its picture, from 0. */
  readonly row: number
  readonly column: number
  /** Of tumour, 0 to 1. */
  readonly probability: number
  /** 1 where the probability reaches the threshold. */
  readonly prediction: 0 | 1
}

/** All patches that were predicted. */
export function listPatches(pictures: readonly PredictedPicture[], threshold: number): PredictedPatch[] {
  return pictures.flatMap(({ name, columns, probabilities }) =>
    Array.from(probabilities, (probability, i): PredictedPatch => {
      const prediction = probability >= threshold ? 1 : 0
      return { id: name, row: Math.floor(i / columns), column: i % columns, probability, prediction }
    }).filter(({ probability }) => !Number.isNaN(probability)),
  )
}

/** The patches as CSV; a name that a spreadsheet would run as a formula is made inert. */
export function printPatches(patches: readonly PredictedPatch[]): string {
  return writeCsv({
    id: patches.map(({ id }) => id),
    row: patches.map(({ row }) => row),
    column: patches.map(({ column }) => column),
    probability: Float32Array.from(patches, ({ probability }) => probability),
    prediction: patches.map(({ prediction }) => prediction),
  })
}
