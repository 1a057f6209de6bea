// The pages: the files that `npm run build:web` made, each known by name before anybody asks, so that no address leads elsewhere.

import { readdir, readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { DataError } from '../base/index.ts'

/** A file of the pages. */
export interface PageFile {
  readonly type: string
  /** Its name changes with its content. */
  readonly isLasting: boolean
  read(): Promise<Uint8Array | string>
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/**
 * The pages in `folder` by their address. Throws DataError where they were not built. `index.html` says in a meta element which
 * version of Eosin serves it, so that the pages know that there is a server.
 */
export async function openPages(folder: string, version: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const pages = new Map<string, PageFile>()
  for (const entry of entries) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const address = `/${path.slice(folder.length + 1).replaceAll(sep, '/')}`
    pages.set(address, {
      type,
      isLasting: /-[\w-]{8}\.\w+$/.test(entry.name),
      read: () => readFile(path),
    })
  }
  const index = pages.get('/index.html')
  if (!index) {
    throw new DataError({
      where: folder,
      expected: 'the pages of the workbench',
      got: 'no index.html',
      hint: 'npm run build:web makes them',
    })
  }
  const page: PageFile = {
    ...index,
    isLasting: false,
    read: async () =>
      (await readFile(join(folder, 'index.html'), 'utf8')).replace(
        /<head>/i,
        `<head><meta name="eosin-server" content="${version}">`,
      ),
  }
  return pages.set('/index.html', page).set('/', page)
}
