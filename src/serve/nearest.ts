// The training patches that a patch is most like, by the embeddings of its run: the cosine of the angle between them.

import { DataError, readBlocks } from '../base/index.ts'
import { openNeighbours } from '../classify/index.ts'
import { openNpy } from '../files/index.ts'
import type { NearestPatches } from './api.ts'
import { type Given, requireGiven } from './given.ts'
import type { OpenSet } from './openSet.ts'

/** The `count` training patches nearest to a row, the nearest first, itself left out. Throws DataError where no embeddings are known. */
export async function findNearest(
  given: Given,
  { columns, embeddings: all }: Pick<OpenSet, 'columns' | 'embeddings'>,
  row: number,
  count: number,
): Promise<NearestPatches> {
  const embeddings = all.find(({ files }) => files.train)
  const own = embeddings?.placeOf(row)
  const file = own && embeddings?.files[own.split]
  if (!embeddings || !file) {
    throw new DataError({
      where: columns.title,
      expected: 'embeddings of this patch',
      got: columns.run === null ? 'data that no run has embedded' : 'none in the cache',
      hint:
        columns.run === null
          ? 'look at the patches of a run'
          : 'run the study again, or give its cache to eosin serve with --cache',
    })
  }
  const query = normalise(await readRow(given, file, own!.row))
  const rowOf = embeddings.rowsOf('train')
  await requireGiven(given, embeddings.files.train)
  const train = await openNpy(embeddings.files.train)
  try {
    const products = new Float32Array(rowOf.length).fill(Number.NEGATIVE_INFINITY)
    let start = 0
    for await (const { data, shape } of readBlocks(train)) {
      for (let i = 0; i < shape[0] && start + i < products.length; i++) {
        const isShown = rowOf[start + i] >= 0 && rowOf[start + i] !== row
        if (isShown) products[start + i] = cosine(query, data, i * shape[1])
      }
      start += shape[0]
    }
    const { rows, products: best } = openNeighbours(count).find(products)
    const found = Array.from(rows, (place, i) => ({ index: rowOf[place], cosine: best[i] }))
    return { embeddings: embeddings.name, nearest: found.filter(({ cosine }) => Number.isFinite(cosine)) }
  } finally {
    await train.close()
  }
}

async function readRow(given: Given, file: string, row: number): Promise<Float32Array> {
  await requireGiven(given, file)
  const matrix = await openNpy(file)
  try {
    return await matrix.readRows(row, 1)
  } finally {
    await matrix.close()
  }
}

function normalise(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) || 1
  return values.map((value) => value / length)
}

function cosine(query: Float32Array, data: Float32Array, at: number): number {
  let product = 0
  let square = 0
  for (let i = 0; i < query.length; i++) {
    const value = data[at + i]
    product += query[i] * value
    square += value * value
  }
  return square > 0 ? product / Math.sqrt(square) : 0
}
