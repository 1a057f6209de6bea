// What is answered to which request.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { pixelsAt } from '../base/index.ts'
import { encodePng } from '../files/index.ts'
import type { DoubtOrder, PatchProbabilities, SessionInfo, StudyOrder } from './api.ts'
import { writeColumns } from './columnsFile.ts'
import { changeDoubt, readDoubts } from './doubts.ts'
import { addEmbeddings } from './embeddings.ts'
import type { Given } from './given.ts'
import { type Guarded, guard } from './guard.ts'
import { listRuns, runFolderOf } from './listRuns.ts'
import { listSets } from './listSets.ts'
import type { Maps } from './maps.ts'
import { findNearest } from './nearest.ts'
import type { OpenedSets } from './openedSets.ts'
import type { OpenSet } from './openSet.ts'
import type { PageFile } from './pages.ts'
import { reportPolicy } from './policies.ts'
import { answerError, RefusedError } from './refused.ts'
import { compareTwo, openProgress, readRunDetail } from './runDetail.ts'
import { sendBytes } from './sendBytes.ts'
import { cancelRun, listRecipes, startStudy } from './studies.ts'
import { readThumbnails } from './thumbnails.ts'

/** What a server answers from. */
export interface AppParts extends Guarded {
  readonly given: Given
  readonly version: string
  /** The program that studies are started with, and its first arguments. */
  readonly eosin: readonly string[]
  readonly pages: ReadonlyMap<string, PageFile>
  readonly sets: OpenedSets
  readonly maps: Maps
}

const bodyAtMost = 64 * 1024

/** The server's answers. */
export function buildApp(parts: AppParts): Hono {
  const app = new Hono()
  app.use(guard(parts))
  app.use(bodyLimit({ maxSize: bodyAtMost, onError: refuseBody }))
  app.onError((cause, context) => {
    const { status, error } = answerError(cause)
    return context.json({ error }, status)
  })
  app.notFound((context) => {
    const error = { where: context.req.path, got: 'nothing at this address' }
    return context.json({ error }, 404)
  })
  addRuns(app, parts)
  addSets(app, parts)
  addEmbeddings(app, parts)
  app.get('/*', (context) => sendPage(context, parts.pages))
  return app
}

function refuseBody(): never {
  throw new RefusedError(413, { where: 'request', expected: `at most ${bodyAtMost} bytes`, got: 'more' })
}

function addRuns(app: Hono, { given, version, eosin }: AppParts): void {
  const progress = openProgress(given)
  app.get('/api/session', (context) =>
    context.json({ version, runs: given.runs, data: given.data } satisfies SessionInfo),
  )
  app.get('/api/runs', async (context) => context.json({ runs: await listRuns(given, version) }))
  app.get('/api/runs/:name', async (context) =>
    context.json(await readRunDetail(given, context.req.param('name'), version)),
  )
  app.get('/api/runs/:name/status', async (context) =>
    context.json(await progress(context.req.param('name'))),
  )
  app.get('/api/runs/:name/report', async (context) => {
    const folder = await runFolderOf(given, context.req.param('name'))
    const report = await readFile(join(folder, 'report.html'), 'utf8').catch(() => null)
    if (report === null)
      throw new RefusedError(404, {
        where: folder,
        expected: 'report.html',
        got: 'none',
        hint: 'the report is written when the study ends',
      })
    context.header('Content-Security-Policy', reportPolicy)
    return context.html(report)
  })
  app.post('/api/runs/:name/cancel', async (context) =>
    context.json(await cancelRun(given, context.req.param('name')), 202),
  )
  app.get('/api/compare', async (context) =>
    context.json(await compareTwo(given, context.req.query('a') ?? '', context.req.query('b') ?? '')),
  )
  app.get('/api/recipes', async (context) => {
    const recipes = await listRecipes(given)
    return context.json({ recipes: recipes.map(({ file: _, ...recipe }) => recipe) })
  })
  app.post('/api/studies', async (context) =>
    context.json(await startStudy(given, eosin, await readBody<StudyOrder>(context)), 202),
  )
}

function addSets(app: Hono, { given, version, sets }: AppParts): void {
  app.get('/api/sets', async (context) => {
    const listed = await listSets(given, version)
    return context.json({
      sets: listed.map(({ id, title, kind, run, problem }) => ({ id, title, kind, run, problem })),
    })
  })
  app.get('/api/sets/:id/columns', (context) =>
    sets.use(context.req.param('id'), async ({ columns }) => sendBytes(context, writeColumns(columns))),
  )
  app.get('/api/sets/:id/predictions', (context) =>
    sets.use(context.req.param('id'), async (set) => {
      const values = await set.probabilities(context.req.query('cell') ?? '')
      return sendBytes(context, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    }),
  )
  app.get('/api/sets/:id/pixels', (context) =>
    sets.use(context.req.param('id'), async (set) => {
      const { data, height, width } = await readThumbnails(
        set,
        readRowsAsked(context),
        Number(context.req.query('size')),
      )
      context.header('X-Height', String(height))
      context.header('X-Width', String(width))
      return sendBytes(context, data)
    }),
  )
  app.get('/api/sets/:id/patches/:index', (context) =>
    sets.use(context.req.param('id'), async (set) => {
      const row = readRow(set, context.req.param('index'))
      const png = await encodePng(pixelsAt(await set.read([row]), 0))
      return sendBytes(context, png, 'image/png')
    }),
  )
  app.get('/api/sets/:id/patches/:index/probabilities', (context) =>
    sets.use(context.req.param('id'), async (set) => {
      const row = readRow(set, context.req.param('index'))
      const cells: { cell: string; probability: number | null }[] = []
      for (const cell of set.columns.cells) {
        const value = (await set.probabilities(cell))[row]
        cells.push({ cell, probability: Number.isNaN(value) ? null : value })
      }
      return context.json({ cells } satisfies PatchProbabilities)
    }),
  )
  app.get('/api/sets/:id/patches/:index/nearest', (context) =>
    sets.use(context.req.param('id'), async (set) => {
      const row = readRow(set, context.req.param('index'))
      const count = Math.min(64, Math.max(1, Math.floor(Number(context.req.query('count') ?? 8)) || 8))
      return context.json(await findNearest(given, set, row, count))
    }),
  )
  app.get('/api/sets/:id/doubts', (context) =>
    sets.use(context.req.param('id'), async (set) => context.json(await readDoubts(given, set))),
  )
  app.post('/api/sets/:id/doubts', (context) =>
    sets.use(context.req.param('id'), async (set) =>
      context.json(await changeDoubt(given, set, await readBody<DoubtOrder>(context))),
    ),
  )
}

// `from=10&count=5`, or `rows=3,17,4`.
function readRowsAsked(context: Context): number[] {
  const rows = context.req.query('rows')
  if (rows !== undefined)
    return rows.split(',').map((text) => (/^\d+$/.test(text) ? Number(text) : Number.NaN))
  const [from, count] = ['from', 'count'].map((name) => Number(context.req.query(name)))
  return Array.from({ length: Math.min(10_000, Math.max(0, count || 0)) }, (_, i) => from + i)
}

function readRow({ columns }: OpenSet, text: string): number {
  const row = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (row < columns.count) return row
  throw new RefusedError(404, {
    where: 'patch',
    expected: `a row below ${columns.count}`,
    got: `'${text.slice(0, 100)}'`,
  })
}

async function readBody<T>(context: Context): Promise<T> {
  try {
    const body: unknown = await context.req.json()
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as T
  } catch (cause) {
    if (cause instanceof RefusedError) throw cause
  }
  throw new RefusedError(400, { where: 'request', expected: 'a JSON object', got: 'something else' })
}

async function sendPage(context: Context, pages: ReadonlyMap<string, PageFile>): Promise<Response> {
  const page = pages.get(context.req.path)
  if (!page) return context.notFound() as Response
  context.header('Content-Type', page.type)
  if (page.isLasting) context.header('Cache-Control', 'private, max-age=31536000, immutable')
  const content = await page.read()
  return context.body(content as string | Uint8Array<ArrayBuffer>)
}
