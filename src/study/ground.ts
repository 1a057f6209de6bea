// Predictions for labelled patches by heads that were not trained on them: what the accuracy on patches without labels is
// forecast from. A model keeps them, so that it can forecast for whatever it is given.

import { join } from 'node:path'
import type { Threshold } from '../evaluate/index.ts'
import { readBytes, writeFileAtomic } from '../files/index.ts'
import { openParquet, writeParquet } from '../formats/index.ts'

/** Labelled patches as a cell predicts them. */
export interface Ground {
  readonly truth: { readonly labels: Uint8Array; readonly centers: readonly string[] | null }
  readonly probabilities: Float32Array
  readonly threshold: Threshold
  /** They are of val, which stopped training and chose the cell; not there where centers were held out in turn. */
  readonly isVal?: true
}

/** What model.json says of a ground; its rows are in a file of their own. */
export type GroundFile = Omit<Ground, 'truth' | 'probabilities'>

const rowsFile = 'ground.parquet'

/** Writes the rows of a ground into `folder`, about 6 bytes a patch, and gives the rest. */
export async function writeGround(
  folder: string,
  { truth: { labels, centers }, probabilities, threshold, isVal }: Ground,
): Promise<GroundFile> {
  const columns = { ...(centers && { center: centers }), label: labels, probability: probabilities }
  await writeFileAtomic(join(folder, rowsFile), writeParquet(columns))
  return { threshold, ...(isVal && { isVal }) }
}

/** Reads what `writeGround` wrote. Throws DataError where the file is damaged. */
export async function readGround(folder: string, file: GroundFile): Promise<Ground> {
  const where = join(folder, rowsFile)
  const { names, read } = openParquet(await readBytes(where), where)
  const centers = names.includes('center') ? (await read('center')).map(String) : null
  const labels = Uint8Array.from(await read('label'), Number)
  return {
    ...file,
    truth: { labels, centers },
    probabilities: Float32Array.from(await read('probability'), Number),
  }
}
