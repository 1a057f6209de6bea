// Debian's Chromium, and a plain file server with the headers that allow shared memory.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Where Chromium is; undefined where it is not installed. */
export const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path && existsSync(path),
)

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
}

/** A static host on this machine, as any other; `isolated` adds the headers that allow shared memory. */
export interface Host {
  readonly address: string
  /** Paths served so far, with their sizes in bytes. */
  readonly served: { path: string; bytes: number }[]
  close(): Promise<void>
}

/** Serves a folder on a free port of 127.0.0.1. */
export async function serveFolder(folder: string, { isolated = true } = {}): Promise<Host> {
  const served: { path: string; bytes: number }[] = []
  const server: Server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const path = normalize(join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname))
    const bytes = path.startsWith(normalize(folder)) ? await readFile(path).catch(() => null) : null
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    }
    response.statusCode = bytes ? 200 : 404
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream')
    served.push({ path: pathname, bytes: bytes?.length ?? 0 })
    response.end(bytes ?? 'not found')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    served,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Starts it, with further arguments. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args] })
}
