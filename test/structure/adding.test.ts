// docs/adding.md: its blocks, added to a copy of the source, type-check, and each of them works.

import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ndarray } from '../../src/base/index.ts'
import { readNpy, writeCsv, writeNpy } from '../../src/formats/index.ts'
import { openSyntheticSet } from '../../src/synthetic/index.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'

const at = makeTemporaryFolder()
const page = readFileSync('docs/adding.md', 'utf8')
const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text)
const files = blocksOf('ts').map((code) => ({ path: /^\/\/ (src\/\S+)\n/.exec(code)![1], code }))
const changes = blocksOf('diff').flatMap((text) =>
  text
    .split(/^--- /m)
    .slice(1)
    .flatMap((part) => {
      const [path, ...lines] = part.trimEnd().split('\n')
      return lines
        .join('\n')
        .split('\n@@\n')
        .map((hunk) => ({ path, lines: hunk.split('\n') }))
    }),
)

// The lines before and after must stand there as the page has them, once.
function applyChange({ path, lines }: (typeof changes)[number]): void {
  const pick = (marks: string) =>
    lines.flatMap((line) => (marks.includes(line[0] ?? ' ') ? `${line.slice(1)}\n` : [])).join('')
  const text = readFileSync(at(path), 'utf8')
  const parts = text.split(pick(' -'))
  expect(parts.length, `${path} has once:\n${pick(' -')}`).toBe(2)
  writeFileSync(at(path), parts.join(pick(' +')))
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: at(), encoding: 'utf8' })
  expect(status, stdout + stderr).toBe(0)
  return stdout
}
const eosin = (...args: string[]) => run(at('dist', 'cli', 'main.js'), ...args)
const readJson = (...parts: string[]) => JSON.parse(readFileSync(at(...parts), 'utf8'))

async function writeSet(name: string, split: 'train' | 'val'): Promise<void> {
  const set = openSyntheticSet(split, { counts: { train: 120, val: 60, test: 1 }, aberrantShare: 0 })
  const { count, height, width, ids, labels, centers, slides } = set
  const { data } = await set.read(ids.map((_, row) => row))
  writeFileSync(at(`${name}.npy`), writeNpy(ndarray('u8', [count, height, width, 3], data)))
  const columns = { id: ids, label: Array.from(labels!), center: centers!, slide: slides! }
  writeFileSync(at(`${name}.csv`), writeCsv(columns))
}

describe('the page on adding', () => {
  beforeAll(async () => {
    cpSync('src', at('src'), { recursive: true })
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json']) cpSync(name, at(name))
    symlinkSync(resolve('node_modules'), at('node_modules'))
    await writeSet('train', 'train')
    await writeSet('val', 'val')
  })

  it('has a file for each kind but metrics, and what changes for it', () => {
    expect(files).toHaveLength(5)
    expect(new Set(changes.map(({ path }) => path)).size).toBe(11)
  })

  it('adds to the source what type-checks', () => {
    for (const { path, code } of files) writeFileSync(at(path), code, { flag: 'wx' })
    for (const change of changes) applyChange(change)
    run(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json')
  }, 120_000)

  it('adds a patch format', () => {
    expect(JSON.parse(eosin('patches', 'info', 'train.npy', '--json'))).toMatchObject({
      format: 'npy',
      count: 120,
      origin: 'unknown',
    })
    expect(eosin('patches', 'check', 'val.npy')).toContain('60 patches checked, 0 damaged')
  })

  it('adds a stain method', () => {
    eosin('stain', 'fit', 'val.npy', '--method', 'desaturate', '--set', 'share=1', '--out', 'fit.json')
    eosin('stain', 'apply', 'val.npy', '--fit', 'fit.json', '--out', 'gray.h5')
    eosin('embed', 'gray.h5', '--extractor', 'colour', '--out', 'gray')
    const { shape, data } = readNpy(readFileSync(at('gray', 'embeddings.npy')))
    expect(shape).toEqual([60, 6])
    for (let at = 0; at < data.length; at += 6) expect(data[at]).toBe(data[at + 2]) // red is green
  })

  it('adds an extractor, a head, a metric and a section of the report', () => {
    writeFileSync(
      at('recipe.yaml'),
      `name: added
data: { train: { path: train.npy }, val: { path: val.npy } }
stain: [none, { method: desaturate, share: 0.8 }]
embed: [colour]
classify: [centroid]
`,
    )
    eosin('study', 'run', 'recipe.yaml')
    const { cells } = readJson('runs', 'added', 'metrics.json')
    expect(cells.map(({ id }: { id: string }) => id).sort()).toEqual([
      'desaturate/colour/centroid',
      'none/colour/centroid',
    ])
    for (const { val } of cells) {
      const { fp, tn } = val.confusion
      expect(val.specificity.value).toBeCloseTo(tn / (tn + fp), 12)
      expect(val.auroc.value).toBeGreaterThan(0.5)
    }
    expect(readFileSync(at('runs', 'added', 'report.html'), 'utf8')).toContain('Versions of the software')
    const column = ['--column', 'none/colour/centroid']
    expect(eosin('evaluate', join('runs', 'added', 'predictions.csv'), ...column)).toMatch(
      /specificity +0\.\d{4}/,
    )
  }, 120_000)
})
