// The pages of the workbench, in the order of the navigation. Each is loaded when it is first visited.

import type { ComponentType } from 'preact'
import { serverVersion } from './server.ts'

/** What a page is given. */
export interface PageProps {
  /** What follows the page's own name in the address, decoded: `#/runs/demo` -> `['demo']`. */
  readonly path: readonly string[]
}

/** One page, at `#/NAME`. */
export interface PageEntry {
  readonly name: string
  readonly title: string
  /** Shown only where the page comes from `eosin serve`. */
  readonly needsServer?: true
  readonly load: () => Promise<{ readonly Page: ComponentType<PageProps> }>
}

const all: readonly PageEntry[] = [
  { name: 'stain', title: 'Stain', load: () => import('./pages/stain/page.tsx') },
  { name: 'predict', title: 'Predict', load: () => import('./pages/predict/page.tsx') },
  { name: 'runs', title: 'Runs', needsServer: true, load: () => import('./pages/runs/page.tsx') },
  { name: 'patches', title: 'Patches', needsServer: true, load: () => import('./pages/patches/page.tsx') },
  {
    name: 'embeddings',
    title: 'Embeddings',
    needsServer: true,
    load: () => import('./pages/embeddings/page.tsx'),
  },
]

/** The pages that there are here. */
export const pages: readonly PageEntry[] = all.filter(({ needsServer }) => !needsServer || serverVersion)

/** A page and what follows its name in the address; the first page where the address is empty, null for an unknown one. */
export function readRoute(hash: string): {
  readonly page: PageEntry | null
  readonly path: readonly string[]
} {
  const [name = '', ...path] = hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decode)
  if (name === '') return { page: pages[0], path }
  return { page: pages.find((page) => page.name === name) ?? null, path }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
