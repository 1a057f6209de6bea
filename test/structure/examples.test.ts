// Holds the examples to the library as it was built: every block of TypeScript on the pages, and every script of examples/,
// type-checks.

import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// What the examples of a page take as given.
const given: Readonly<Record<string, string>> = {
  'docs/adapt.md': `declare const rows: Uint32Array, centerOf: number[]
declare const x: import('eosin/base').NdArray<'f32'> & import('eosin/base').RowSource`,
  'docs/classify.md': `declare const train: import('eosin/classify').LabelledEmbeddings, val: typeof train
declare const centers: Uint16Array`,
  'docs/engine.md': `declare const model: Uint8Array, x: import('eosin/base').NdArray`,
  'docs/evaluate.md': `declare const labels: Uint8Array, centers: string[], slides: string[]
declare const labelsOf0: Uint8Array, labelsOf1: Uint8Array, labelsOf3: Uint8Array
declare const probabilities: Float32Array, probabilitiesOf0: typeof probabilities
declare const probabilitiesOf1: typeof probabilities, probabilitiesOf3: typeof probabilities`,
  'docs/gan.md': `declare const A: Parameters<typeof makeGanTask>[0]['A'], B: typeof A`,
  'docs/graph.md': `declare const bytes: Uint8Array, pixels: import('eosin/graph').Value`,
  'docs/guards.md': `declare const set: import('eosin/patches').PatchSet, hashes: BigUint64Array, looks: Int32Array
declare const train: Parameters<typeof guards.findNearDuplicates>[0], test: typeof train`,
  'docs/report.md': `declare const vegaLiteSpec: Parameters<typeof renderChart>[0]['spec'], text: string`,
  'docs/stain.md': `declare const batch: import('eosin/base').Pixels, referenceBatches: AsyncIterable<typeof batch>`,
  'docs/train.md': `declare const x: import('eosin/base').NdArray<'f32'>, y: typeof x, valX: typeof x, valY: typeof x`,
}
const pages = [
  'README.md',
  ...readdirSync('docs')
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]
// Blocks that name a file of src/ are source: adding.test.ts adds them to it.
const onPages = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```ts\n(?!\/\/ src\/)([\s\S]*?)^```/gm)].map(([, code], i) => ({
    page,
    code,
    name: `${page}-${i}`,
  })),
)
const scripts = readdirSync('examples')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `examples/${file}`)
const examples = [
  ...onPages,
  ...scripts.map((page) => ({ page, code: readFileSync(page, 'utf8'), name: page })),
]

describe('the examples', () => {
  let folder: string
  let printed: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'eosin-examples-'))
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
    symlinkSync(resolve('.'), join(folder, 'node_modules/eosin'))
    symlinkSync(resolve('node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const options = {
      strict: true,
      module: 'nodenext',
      target: 'es2023',
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
    )
    for (const { page, code, name } of examples)
      writeFileSync(join(folder, nameFile(name)), `${code}\n${given[page] ?? ''}\nexport {}\n`)
    writeFileSync(join(folder, 'wrong.ts'), "import { study } from 'eosin'\nawait study.openModel(1)\n")
    printed = spawnSync(resolve('node_modules/.bin/tsc'), ['-p', folder], {
      encoding: 'utf8',
      cwd: folder,
    }).stdout
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('are many, and on most pages', () => {
    expect(new Set(onPages.map(({ page }) => page)).size).toBeGreaterThan(15)
    expect(scripts.length).toBeGreaterThan(0)
  })

  it.each(examples)('$name type-checks', ({ name }) => {
    expect(printed.split('\n').filter((line) => line.startsWith(`${nameFile(name)}(`))).toEqual([])
  })

  it('would not pass if they were wrong', () => {
    expect(printed).toContain('wrong.ts(2,')
  })
})

function nameFile(name: string): string {
  return `${name.replaceAll(/[/.]/g, '_')}.ts`
}
