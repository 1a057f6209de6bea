// A folder of runs and data with a server for it, asked as a browser would ask, or as somebody else might.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readRecipe } from '../../src/recipe/index.ts'
import { openServer, type RunningServer, type ServerOptions } from '../../src/serve/index.ts'
import { runStudy } from '../../src/study/index.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'

/** An answer as it came. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly text: string
  json<T>(): T
}

/** How something is asked: headers replace the usual ones, null leaves one out. */
export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | null>>
  readonly body?: unknown
}

/** A folder to work in, with `data/`, `runs/` and `cache/`. */
export interface Workplace {
  readonly folder: string
  at(...names: string[]): string
  /** Opens a server on these folders. */
  serve(options?: Partial<ServerOptions>): Promise<Client>
  /** Ends all servers and removes the folder. */
  close(): Promise<void>
}

/** A server with the session of one browser. */
export interface Client {
  readonly server: RunningServer
  readonly cookie: string
  /** Asks as a page of the server would. */
  ask(path: string, asking?: Asking): Promise<Answer>
  /** Asks with nothing but what is given. */
  askPlainly(path: string, asking?: Asking): Promise<Answer>
}

export const eosin = [process.execPath, resolve('dist/cli/main.js')]

/** Makes a workplace with synthetic patches. */
export async function openWorkplace(
  counts = { train: 60, val: 30, test: 20 },
  size = 32,
): Promise<Workplace> {
  const folder = mkdtempSync(join(tmpdir(), 'eosin-serve-'))
  const at = (...names: string[]) => join(folder, ...names)
  await makeSyntheticChallenge(at('data'), { counts, size, aberrantShare: 0.1, testLabels: true })
  mkdirSync(at('pages', 'assets'), { recursive: true })
  writeFileSync(at('pages', 'index.html'), '<!doctype html><html><head><title>t</title></head></html>')
  writeFileSync(at('pages', 'assets', 'main.js'), 'export {}')
  const clients: Client[] = []
  return {
    folder,
    at,
    async serve(options = {}) {
      const server = await openServer({
        runs: at('runs'),
        cache: at('cache'),
        data: [at('data')],
        pages: at('pages'),
        port: 0,
        version: '1.2.3',
        eosin,
        ...options,
      })
      const client = await enter(server)
      clients.push(client)
      return client
    },
    async close() {
      for (const { server } of clients) await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Writes a small recipe, each split with `more` in its entry, and runs it into `runs/`. */
export async function runSmall(place: Workplace, name: string, more = ''): Promise<string> {
  const path = writeRecipe(place, name, more)
  const observer = { step: () => ({ progress: () => {}, end: () => {} }) }
  const options = { out: place.at('runs'), cache: place.at('cache'), device: 'cpu', threads: 1, observer }
  return (await runStudy(await readRecipe(path), options)).folder
}

/** Writes a small recipe into `data/`; every split has `more` in its entry. */
export function writeRecipe({ at }: Workplace, name: string, more = '', axes = smallAxes): string {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: ${split}.h5${more} }`).join('\n')
  writeFileSync(at('data', `${name}.yaml`), `name: ${name}\nseeds: 1\ndata:\n${data}\n${axes}\n`)
  return at('data', `${name}.yaml`)
}

const smallAxes = 'stain: [none, macenko]\nembed: [texture]\nclassify: [{ head: mlp, epochs: 2 }]'

async function enter(server: RunningServer): Promise<Client> {
  const { hostname, port } = new URL(server.origin)
  const askPlainly = (path: string, { method = 'GET', headers = {}, body }: Asking = {}) =>
    new Promise<Answer>((done, fail) => {
      const sent = Object.entries(headers).filter(([, value]) => value !== null) as [string, string][]
      const asked = request({ hostname, port, path, method, headers: Object.fromEntries(sent) }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk) => chunks.push(chunk))
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const text = bytes.toString()
          const { statusCode: status = 0, headers } = answer
          done({ status, headers, bytes, text, json: () => JSON.parse(text) })
        })
      })
      asked.on('error', fail)
      asked.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
    })
  const { pathname, search } = new URL(server.address)
  const entered = await askPlainly(pathname + search)
  const cookie = String(entered.headers['set-cookie']?.[0] ?? '').split(';')[0]
  const ask: Client['ask'] = (path, { headers = {}, ...asking } = {}) => {
    const isWrite = asking.method !== undefined && asking.method !== 'GET'
    const usual: Record<string, string> = isWrite
      ? { origin: server.origin, 'content-type': 'application/json' }
      : {}
    return askPlainly(path, { ...asking, headers: { cookie, ...usual, ...headers } })
  }
  return { server, cookie, ask, askPlainly }
}
