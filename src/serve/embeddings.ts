// The embeddings of a run's patches, and maps of them: which patches are on one, and where each lies.

import type { Context, Hono } from 'hono'
import { DataError, joinRows, loadRows, pickNamed, reorderRows } from '../base/index.ts'
import { hashRows } from '../evaluate/index.ts'
import { type NpyReader, openNpy } from '../files/index.ts'
import type { EmbeddingList, EmbeddingMap, MapMethod, MapProgress } from './api.ts'
import { type Given, requireGiven } from './given.ts'
import { writeMap } from './mapFile.ts'
import type { MapOrder, Maps } from './maps.ts'
import type { OpenedSets } from './openedSets.ts'
import type { Embeddings, OpenSet } from './openSet.ts'
import { sendBytes } from './sendBytes.ts'

/** So many patches are on a map at most: UMAP compares each with each. */
export const pointsAtMost: Readonly<Record<MapMethod, number>> = { pca: 20_000, umap: 5_000 }
const pointsAtLeast = 3

/** What embeddings are answered from. */
export interface EmbeddingParts {
  readonly given: Given
  readonly sets: OpenedSets
  readonly maps: Maps
}

/** Answers `GET /api/runs/:name/embeddings` and `.../embeddings/map?of=<stain>/<embed>&method=pca|umap`. */
export function addEmbeddings(app: Hono, { given, sets, maps }: EmbeddingParts): void {
  const use = <T>(context: Context, work: (set: OpenSet) => Promise<T>) =>
    sets.use(`run-${context.req.param('name')}`, work)
  app.get('/api/runs/:name/embeddings', (context) =>
    use(context, async (set) => context.json(listEmbeddings(set))),
  )
  app.get('/api/runs/:name/embeddings/map', (context) =>
    use(context, async (set) => {
      const { of = '', method = '' } = context.req.query()
      const map = await findMap({ given, maps }, set, of, method)
      if ('done' in map) return context.json(map satisfies MapProgress, 202)
      return sendBytes(context, writeMap(map))
    }),
  )
}

function listEmbeddings({ embeddings, columns }: OpenSet): EmbeddingList {
  const note =
    'No embeddings of this run can be read: the study has not made them yet, they were removed from its cache, or the cache was not given. Run the study again, or give its cache to eosin serve with --cache.'
  return {
    set: columns.id,
    embeddings: embeddings.map(({ name, files }) => ({ name, splits: Object.keys(files) })),
    note: embeddings.length === 0 ? note : null,
  }
}

async function findMap(
  { given, maps }: Omit<EmbeddingParts, 'sets'>,
  { embeddings, columns }: OpenSet,
  of: string,
  named: string,
): Promise<EmbeddingMap | MapProgress> {
  const method = pickNamed('method of maps', { pca: 'pca', umap: 'umap' } as const, named)
  const chosen = pickNamed(
    `embeddings of ${columns.title}`,
    Object.fromEntries(embeddings.map((own) => [own.name, own])),
    of,
  )
  const key = JSON.stringify([columns.id, columns.count, method, of, chosen.files])
  return maps.find(key, () => readPoints(given, columns, chosen, method))
}

// All patches that have embeddings, or those of the smallest hashes of these, in the order of the set.
async function readPoints(
  given: Given,
  columns: OpenSet['columns'],
  { name, files, rowsOf }: Embeddings,
  method: MapMethod,
): Promise<MapOrder> {
  const matrices: NpyReader[] = []
  try {
    const setRows: number[] = []
    for (const [split, file] of Object.entries(files)) {
      await requireGiven(given, file)
      const matrix = await openNpy(file)
      matrices.push(matrix)
      const own = rowsOf(split)
      for (let row = 0; row < matrix.shape[0]; row++) setRows.push(own[row] ?? -1)
    }
    const all = joinRows(matrices)
    const there = Uint32Array.from(setRows.keys()).filter((row) => setRows[row] >= 0)
    if (there.length < pointsAtLeast)
      throw new DataError({
        where: `${columns.title}, ${name}`,
        expected: `embeddings of at least ${pointsAtLeast} patches`,
        got: `${there.length}`,
      })
    const kept = await sample(reorderRows(all, there), pointsAtMost[method])
    const rows = Uint32Array.from(kept, (i) => there[i]).sort((a, b) => setRows[a] - setRows[b])
    const { data, shape } = await loadRows(reorderRows(all, rows))
    const row = Int32Array.from(rows, (own) => setRows[own])
    const split = Uint8Array.from(row, (own) => columns.split[own])
    const facts = { of: name, method, total: there.length, origin: columns.origin, row, split }
    return { method, values: data, columns: shape[1], facts }
  } finally {
    for (const matrix of matrices) await matrix.close()
  }
}

async function sample(source: Parameters<typeof hashRows>[0], most: number): Promise<Uint32Array> {
  const places = Uint32Array.from({ length: source.shape[0] }, (_, i) => i)
  if (places.length <= most) return places
  const hashes = await hashRows(source, 0)
  return places.sort((a, b) => hashes[a] - hashes[b] || a - b).subarray(0, most)
}
