// The pages in web/ take from src/ only what the doors that run in a browser give, and from packages only what they state here.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { browserDoors } from './browserDoors.ts'
import { parseImports } from './imports.ts'

const packages = ['preact', 'preact/hooks']
// The files of ONNX Runtime, as addresses.
const addresses = /^onnxruntime-web\/ort-wasm-[\w.-]+\?url$/

const files = readdirSync('web/src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => join('web/src', file))
const imports = files.flatMap((file) => parseImports(file, readFileSync(file, 'utf8')))

describe('the pages', () => {
  it('import from the library through the doors that run in a browser', () => {
    const doors = new Set(
      browserDoors.map((door) => (door.includes('/') ? `src/${door}.ts` : `src/${door}/index.ts`)),
    )
    const wrong = imports.filter(
      ({ path, isType }) => path?.startsWith('src/') && !doors.has(path) && !(isType && path.endsWith('.ts')),
    )
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
    expect(imports.length).toBeGreaterThan(5)
  })

  it('import no package but these', () => {
    const wrong = imports.filter(
      ({ path, target }) => path === null && !packages.includes(target) && !addresses.test(target),
    )
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })
})
