// A server on this machine that plays the hub and the host it redirects to, with faults on request.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A file of the repository; `lfs` ones are redirected to the other host. */
export interface ServedFile {
  readonly content: Buffer
  readonly lfs: boolean
}

/** What the server does wrong, each until it is taken out again or used up. */
export interface Faults {
  /** Cut the connection after so many bytes of a body, that many times. */
  cutAfter?: { bytes: number; times: number }
  /** Send so many bytes of a body and then nothing, the connection open, that many times. */
  holdAfter?: { bytes: number; times: number }
  /** Answer with this status (and X-Error-Code), that many times. */
  status?: { status: number; code?: string; times: number }
  /** Send other bytes of the same length. */
  corrupt?: boolean
  /** Ignore ranges. */
  noRanges?: boolean
  /** The ETag of the host that sends the bytes. */
  storageEtag?: string
  /** Accept connections and say nothing, that many times. */
  silent?: number
  /** What X-Linked-Size says. */
  claimedSize?: number
}

/** One request as it came. */
export interface SeenRequest {
  readonly host: 'hub' | 'storage'
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly range: string | undefined
  readonly ifRange: string | undefined
}

export interface HubServer {
  readonly endpoint: string
  readonly faults: Faults
  readonly seen: SeenRequest[]
  token: string | null
  commit: string
  close(): Promise<void>
}

export const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
export const gitHash = (content: Buffer) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')

/** Starts both hosts for the repository `org/model`. */
export async function startHub(files: Record<string, ServedFile>): Promise<HubServer> {
  const faults: Faults = {}
  const seen: SeenRequest[] = []
  const note = (host: SeenRequest['host'], { method = '', url = '', headers }: IncomingMessage) =>
    seen.push({
      host,
      method,
      url,
      authorization: headers.authorization,
      range: headers.range,
      ifRange: headers['if-range'] as string | undefined,
    })

  const storage = createServer((request, response) => {
    note('storage', request)
    const file = files[decodeURIComponent(request.url!.slice(1).split('?')[0])]
    sendBody(request, response, file.content, faults.storageEtag ?? '"storage-1"', faults)
  })
  const hub = createServer((request, response) => {
    note('hub', request)
    if (faults.silent) {
      faults.silent--
      return
    }
    if (faults.status && faults.status.times-- > 0) {
      if (faults.status.code) response.setHeader('x-error-code', faults.status.code)
      response.writeHead(faults.status.status).end()
      return
    }
    const path = decodeURIComponent(request.url!)
    if (path.startsWith('/old/model/')) {
      response.writeHead(307, { location: request.url!.replace('/old/', '/org/') }).end()
      return
    }
    if (server.token && request.headers.authorization !== `Bearer ${server.token}`) {
      response
        .writeHead(401, {
          'x-error-code': 'GatedRepo',
          'x-error-message': 'Access to model org/model is restricted.',
        })
        .end()
      return
    }
    const match = /^\/org\/model\/resolve\/([^/]+)\/(.+)$/.exec(path)
    const file = match && (match[1] === 'main' || match[1] === server.commit) ? files[match[2]] : undefined
    if (!file) {
      response.writeHead(404, { 'x-error-code': match ? 'EntryNotFound' : 'RepoNotFound' }).end()
      return
    }
    response.setHeader('x-repo-commit', server.commit)
    if (!file.lfs) return sendBody(request, response, file.content, `"${gitHash(file.content)}"`, faults)
    response.setHeader('x-linked-etag', `"${sha256(file.content)}"`)
    response.setHeader('x-linked-size', String(faults.claimedSize ?? file.content.length))
    response.writeHead(302, { location: `${storageUrl}/${encodeURIComponent(match![2])}?signed=1` }).end()
  })
  const storageUrl = await listen(storage)
  const server: HubServer = {
    endpoint: await listen(hub),
    faults,
    seen,
    token: null,
    commit: 'c'.repeat(40),
    async close() {
      for (const one of [hub, storage]) {
        one.closeAllConnections()
        await new Promise((resolve) => one.close(resolve))
      }
    },
  }
  return server
}

function sendBody(
  request: IncomingMessage,
  response: ServerResponse,
  whole: Buffer,
  etag: string,
  faults: Faults,
): void {
  response.setHeader('etag', etag)
  const ifRange = request.headers['if-range']
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const start = range && !faults.noRanges && (!ifRange || ifRange === etag) ? Number(range[1]) : 0
  const content = faults.corrupt ? Buffer.alloc(whole.length, 1) : whole
  if (start > 0) response.setHeader('content-range', `bytes ${start}-${whole.length - 1}/${whole.length}`)
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': whole.length - start })
  if (request.method === 'HEAD') return void response.end()
  const hold = faults.holdAfter
  if (hold && hold.times > 0) {
    hold.times--
    response.write(content.subarray(start, start + hold.bytes))
    return
  }
  const cut = faults.cutAfter
  if (cut && cut.times > 0) {
    cut.times--
    response.write(content.subarray(start, start + cut.bytes), () => setTimeout(() => response.destroy(), 20))
    return
  }
  response.end(content.subarray(start))
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
