// What `npm run build:web` made: small at first, at home at any address, and strict about what may run.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Chunk {
  readonly file: string
  readonly name?: string
  readonly css?: readonly string[]
  readonly imports?: readonly string[]
}

const folder = 'dist/web'
const html = readFileSync(join(folder, 'index.html'), 'utf8')
const manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8')) as Record<
  string,
  Chunk
>

// The files that loading a chunk loads: its own, its styles, and what it imports from the start.
function filesOf(key: string, seen = new Set<string>()): Set<string> {
  const { file, css = [], imports = [] } = manifest[key]
  if (seen.has(file)) return seen
  for (const name of [file, ...css]) seen.add(name)
  for (const next of imports) filesOf(next, seen)
  return seen
}

describe('the built pages', () => {
  it('load less than 400 KB before the first page stands', () => {
    const first = new Set([...filesOf('index.html'), ...filesOf('src/pages/stain/page.tsx')])
    const bytes = [...first].reduce((sum, file) => sum + statSync(join(folder, file)).size, html.length)
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(400_000)
  })

  it('have relative addresses only', () => {
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address)
    expect(addresses.length).toBeGreaterThan(2)
    expect(addresses.filter((address) => !address.startsWith('./'))).toEqual([])
  })

  it('state a policy that allows no script or style in the page, nor any other host', () => {
    const policy = /Content-Security-Policy"\s*content="([^"]*)"/.exec(html)![1]
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'")
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|https?:|\*/)
    expect(html).not.toMatch(/<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=/)
  })
})
