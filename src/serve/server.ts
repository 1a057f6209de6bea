// The workbench's server: on this machine only, for one browser, until it is closed.

import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { DataError, describeCause, systemCode } from '../base/index.ts'
import { buildApp } from './app.ts'
import type { Given } from './given.ts'
import { openMaps } from './maps.ts'
import { openSets } from './openedSets.ts'
import { openPages } from './pages.ts'
import { beginSession } from './session.ts'

/** What is served, and where. */
export interface ServerOptions {
  /** The folder of runs; it may not be there yet. */
  readonly runs: string
  /** The cache of studies; `.cache` in the folder of runs by default. */
  readonly cache?: string
  /** Files and folders that may be read besides. */
  readonly data: readonly string[]
  /** The folder of the pages that `npm run build:web` makes. */
  readonly pages: string
  /** 0 for one that is free. */
  readonly port: number
  /** Version of Eosin. */
  readonly version: string
  /** The program that studies are started with, and its first arguments: `node dist/cli/main.js`. */
  readonly eosin: readonly string[]
}

/** A server that answers. */
export interface RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** The address with the token: it opens the workbench once. */
  readonly address: string
  /** Ends it; studies that it started live on. */
  close(): Promise<void>
}

/** Opens the server. Throws DataError where the pages were not built, data is not there, or the port is not free. */
export async function openServer(options: ServerOptions): Promise<RunningServer> {
  const { pages: folder, version, eosin, port } = options
  const runs = resolve(options.runs)
  const data = options.data.map((path) => resolve(path))
  const missing = data.find((path) => !existsSync(path))
  if (missing !== undefined)
    throw new DataError({ where: missing, expected: 'a file or folder of patches', got: 'nothing' })
  const given: Given = { runs, data, cache: resolve(options.cache ?? `${runs}/.cache`) }
  const pages = await openPages(resolve(folder), version)
  const sets = openSets(given)
  const maps = openMaps()
  const server = createServer()
  const bound = await listen(server, port)
  const session = beginSession(bound)
  const host = `127.0.0.1:${bound}`
  const app = buildApp({ host, session, given, version, eosin, pages, sets, maps })
  server.on('request', getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  return {
    origin: `http://${host}`,
    address: `http://${host}/?token=${session.token}`,
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      server.closeAllConnections()
      await closed
      await maps.close()
      await sets.close()
    },
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', (cause) => {
      const hint = systemCode(cause) === 'EADDRINUSE' ? 'give another --port, or leave it out' : undefined
      fail(new DataError({ where: `127.0.0.1:${port}`, got: describeCause(cause), hint }, cause))
    })
    server.listen(port, '127.0.0.1', () => done((server.address() as { port: number }).port))
  })
}
