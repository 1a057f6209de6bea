// No file of src/ imports itself by way of others, neither values nor types: any file can be read, moved and
// tested without knowing what stands above it.

import { describe, expect, it } from 'vitest'
import { findWay, mapImports, parseImports, readImports } from './imports.ts'

// Each circle once, as the way around it.
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const seen = new Set<string>()
  const circles: string[] = []
  for (const start of graph.keys()) {
    if (seen.has(start)) continue
    const way = findWay(graph, start, (file) => file === start)
    for (const file of way ?? []) seen.add(file)
    if (way) circles.push(way.join(' -> '))
  }
  return circles
}

describe('imports', () => {
  it('go in no circle, by value, by type or when called for', () => {
    expect(findCircles(mapImports(readImports()))).toEqual([])
  })

  it('are named where they do', () => {
    const imports = [
      ...parseImports(
        'src/a/one.ts',
        "import type { Two } from './two.ts'\nimport { x } from '../b/index.ts'",
      ),
      ...parseImports('src/a/two.ts', "export * from './three.ts'"),
      ...parseImports('src/a/three.ts', "const load = () => import('./one.ts')"),
      ...parseImports('src/b/index.ts', "import { readFile } from 'node:fs/promises'"),
    ]
    expect(findCircles(mapImports(imports))).toEqual([
      'src/a/one.ts -> src/a/two.ts -> src/a/three.ts -> src/a/one.ts',
    ])
  })
})
