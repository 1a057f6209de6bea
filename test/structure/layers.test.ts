// Holds the house's rules: imports go down only, rooms are entered by their door, each dependency has one owner.

import { describe, expect, it } from 'vitest'
import { closureOf, mapImports, readImports, roomOf } from './imports.ts'

const stages = ['quality', 'stain', 'embed', 'classify', 'evaluate', 'report']

const belowStages = 'base formats files graph nn models engine patches weights train runs'.split(' ')

// What each room may import values from.
const below: Readonly<Record<string, readonly string[]>> = {
  base: [],
  formats: ['base'],
  files: ['base', 'formats'],
  graph: ['base', 'formats'],
  nn: ['base', 'graph'],
  models: ['base', 'formats', 'graph', 'nn'],
  engine: ['base', 'formats', 'files', 'graph'],
  patches: ['base', 'formats', 'files'],
  synthetic: ['base', 'formats', 'files', 'patches'],
  guards: ['base', 'patches', 'evaluate'],
  train: ['base', 'formats', 'files', 'graph', 'nn', 'models', 'engine'],
  tasks: ['base', 'formats', 'files'],
  runs: ['base', 'formats', 'files', 'tasks'],
  cluster: ['base', 'files', 'tasks'],
  weights: ['base', 'formats', 'files', 'graph', 'nn', 'models'],
  adapt: ['base', 'engine', 'graph', 'classify'],
  ...Object.fromEntries(stages.map((stage) => [stage, belowStages])),
  report: [...belowStages, 'evaluate', 'tasks'],
}
const lower = Object.keys(below)
const everything = [...lower, 'recipe', 'normalise', 'study']
const allowed: Readonly<Record<string, readonly string[]>> = {
  ...below,
  recipe: lower,
  normalise: [...lower, 'recipe'],
  study: [...lower, 'recipe', 'normalise'],
  export: everything,
  serve: everything,
  cli: [...everything, 'export', 'serve'],
}

// The room that owns each dependency.
const owners: Readonly<Record<string, string>> = {
  '@bomb.sh/tab': 'cli',
  '@bufbuild/protobuf': 'formats',
  '@hono/node-server': 'serve',
  commander: 'cli',
  h5wasm: 'files',
  hono: 'serve',
  hyparquet: 'formats',
  'hyparquet-writer': 'formats',
  'onnxruntime-node': 'engine',
  'onnxruntime-web': 'engine',
  pino: 'runs',
  piscina: 'engine',
  'pure-rand': 'base',
  sharp: 'files',
  vega: 'report',
  'vega-lite': 'report',
  yaml: 'recipe',
  zod: 'recipe',
}

const imports = readImports()
const crossings = imports.flatMap((found) => {
  const { path, room } = found
  if (path === null || !path.startsWith('src/') || roomOf(path) === room) return []
  return [{ ...found, path, to: roomOf(path) }]
})
const rooms = new Set(imports.map((found) => found.room))

describe('the house', () => {
  it('has the rooms that the rules know', () => {
    expect([...rooms].sort()).toEqual(
      [...new Set([...Object.keys(allowed), ...(rooms.has('index') ? ['index'] : [])])].sort(),
    )
  })

  it('imports values downwards only', () => {
    const wrong = crossings.filter(
      ({ room, to, isType }) => !isType && room !== 'index' && !allowed[room]?.includes(to),
    )
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('enters a room by its door, but for types', () => {
    const wrong = crossings.filter(({ path, isType }) => !isType && !/\/(index|browser)\.ts$/.test(path))
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('gives each dependency one owner room', () => {
    const outside = imports.filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
    expect(outside.length).toBeGreaterThan(10)
    const packageOf = (target: string) =>
      target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/')
    const wrong = outside.filter(({ room, target }) => owners[packageOf(target)] !== room)
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('starts the command line with little: what a command needs is loaded when it runs', () => {
    const atStart = mapImports(imports.filter(({ isType, isDynamic }) => !isType && !isDynamic))
    const loaded = [...closureOf(atStart, 'src/cli/main.ts')].filter((file) => !file.startsWith('node:'))
    const names = loaded.map((file) => (file.startsWith('src/') ? roomOf(file) : file))
    expect([...new Set(names)].sort()).toEqual([
      '@bomb.sh/tab/commander',
      'base',
      'cli',
      'commander',
      'pure-rand/generator/xoroshiro128plus',
    ])
  })
})
