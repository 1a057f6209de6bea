// The doors of the package: package.json names each, and those that run in a browser reach nothing of Node by any way of
// imports.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { browserDoors } from './browserDoors.ts'
import { closureOf, findWay, mapImports, readImports } from './imports.ts'

const { exports: named } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, { types: string; default: string }>
}
const doors = Object.keys(named).map((name) => name.replace(/^\.\/?/, ''))
const sourceOf = (door: string) =>
  named[door === '' ? '.' : `./${door}`].default.replace('./dist', 'src').replace(/\.js$/, '.ts')

const graph = mapImports(readImports().filter(({ isType }) => !isType))
const onlyInNode = /^(node:|(sharp|onnxruntime-node|pino|piscina|h5wasm|yaml)(\/|$))/
const findNode = (door: string) => findWay(graph, sourceOf(door), (file) => onlyInNode.test(file))

describe('the doors', () => {
  it('are the rooms, and the parts of rooms that run in a browser', () => {
    const rooms = readdirSync('src').filter((room) => existsSync(`src/${room}/index.ts`))
    const parts = rooms
      .filter((room) => existsSync(`src/${room}/browser.ts`))
      .map((room) => `${room}/browser`)
    expect([...doors].sort()).toEqual(['', ...rooms, ...parts].sort())
  })

  it.each(doors)('eosin/%s resolves to what was built', (door) => {
    const name = door === '' ? 'eosin' : `eosin/${door}`
    expect(createRequire(import.meta.url).resolve(name)).toMatch(/\/dist\/([a-z]+\/)?(index|browser)\.js$/)
    expect(existsSync(named[door === '' ? '.' : `./${door}`].types)).toBe(true)
  })

  it.each([
    'stain/gan',
    'stain/macenko',
    'formats/onnx',
    'cli/main',
    'stain/index.js',
  ])('eosin/%s, inside a room, cannot be reached', (inside) => {
    expect(() => createRequire(import.meta.url).resolve(`eosin/${inside}`)).toThrow(
      /not defined by "exports"/,
    )
  })
})

describe('a browser', () => {
  it.each(browserDoors)('is not led to Node by eosin/%s', (door) => {
    expect(findNode(door)?.join(' -> ')).toBeUndefined()
  })

  it.each(browserDoors)('finds no global of Node behind eosin/%s', (door) => {
    const files = [...closureOf(graph, sourceOf(door))].filter((file) => file.startsWith('src/'))
    const globals = /\b(Buffer|process|global)\.|\b(setImmediate|require)\(|\b__(dirname|filename)\b/
    expect(files.filter((file) => globals.test(readFileSync(file, 'utf8')))).toEqual([])
  })

  it('is led to Node by every other door', () => {
    expect(doors.filter((door) => findNode(door) === null).sort()).toEqual(browserDoors)
  })
})
