// Runs are compared cell by cell on the same patches, paired by split and id; other patches are refused.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { adjustHolm, pairedDifference } from '../../src/evaluate/index.ts'
import { compareRuns, renderComparisonMarkdown, renderComparisonPage } from '../../src/report/index.ts'
import { type Made, makeRunIn, PATCHES, type Patch, predict } from './predictedRun.ts'
import { type inventRun, textOf } from './sampleRun.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-compare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const makeRun = (name: string, made?: Made) => makeRunIn(folder, name, made)

describe('runs compared', () => {
  it('are paired patch by patch, each cell of both on each split, with p adjusted for all', async () => {
    const [a, b] = [
      await makeRun('a'),
      await makeRun('b', { skill: 0.95, stains: ['macenko', 'none', 'vahadane'] }),
    ]
    const { runs, comparisons, notes } = await compareRuns([a, b])
    expect(runs.map(({ letter, missing, added }) => [letter, missing, added])).toEqual([
      ['A', [], []],
      ['B', [], ['vahadane/texture/mlp']],
    ])
    expect(notes).toEqual([])
    expect(comparisons.map(({ cell, split }) => [cell, split])).toEqual([
      ['none/texture/mlp', 'val'],
      ['none/texture/mlp', 'test'],
      ['macenko/texture/mlp', 'val'],
      ['macenko/texture/mlp', 'test'],
    ])
    const val = PATCHES.filter(({ split }) => split === 'val')
    const ofSkill = (skill: number) =>
      Float32Array.from(val, (patch, i) => predict(patch, i, 'none/texture/mlp', skill))
    const expected = pairedDifference({
      labels: Uint8Array.from(val, ({ label }) => label!),
      a: ofSkill(0.95),
      b: ofSkill(0.8),
      centers: val.map(({ center }) => center!),
      slides: val.map(({ slide }) => slide!),
    })
    expect(comparisons[0].paired).toEqual(expected)
    expect(expected.difference.value).toBeGreaterThan(0.05)
    expect(comparisons.map(({ adjusted }) => adjusted)).toEqual(
      adjustHolm(comparisons.map(({ paired }) => paired.p)),
    )
  })

  it('give the same whatever the order of rows, and from CSV as from Parquet', async () => {
    const b = await makeRun('b1', { skill: 0.9 })
    const [plain] = (await compareRuns([await makeRun('a1'), b])).comparisons
    for (const made of [{ reversed: true }, { isCsv: true }]) {
      const [other] = (await compareRuns([await makeRun(`a ${Object.keys(made)}`, made), b])).comparisons
      expect(other).toEqual(plain)
    }
  })

  it('may be more than two: each against the first, adjusted over all', async () => {
    const paths = [
      await makeRun('c1'),
      await makeRun('c2', { skill: 0.9 }),
      await makeRun('c3', { skill: 0.7 }),
    ]
    const { comparisons } = await compareRuns(paths)
    expect(comparisons).toHaveLength(8)
    expect(comparisons.map(({ run }) => run).join('')).toBe('BBBBCCCC')
    expect(comparisons.map(({ adjusted }) => adjusted)).toEqual(
      adjustHolm(comparisons.map(({ paired }) => paired.p)),
    )
  })

  it('call tumour by the threshold of their own', async () => {
    const strict = await makeRun('strict', {
      change: (run) => ({
        ...run,
        metrics: {
          ...run.metrics,
          cells: run.metrics.cells.map((cell) => ({ ...cell, val: { ...cell.val, threshold: 0.95 } })),
        },
      }),
    })
    const [val, test] = (await compareRuns([await makeRun('usual'), strict])).comparisons
    expect(val.paired.onlyA + val.paired.onlyB).toBeGreaterThan(30) // nothing is tumour from 0.95 on
    expect(test.paired.onlyA + test.paired.onlyB).toBe(0)
  })

  it('leave out a split whose labels are withheld or that one has not, and say so', async () => {
    const withheld = PATCHES.map((patch) => (patch.split === 'test' ? { ...patch, label: null } : patch))
    const [a, b] = [await makeRun('w1', { patches: withheld }), await makeRun('w2', { patches: withheld })]
    const hidden = await compareRuns([a, b])
    expect(hidden.comparisons.every(({ split }) => split === 'val')).toBe(true)
    expect(hidden.notes).toEqual(['Labels of test are withheld.'])
    const none = await makeRun('w3', {
      change: (run) => {
        const { test: _, ...splits } = run.manifest.splits
        return { ...run, manifest: { ...run.manifest, splits } }
      },
    })
    expect((await compareRuns([await makeRun('w4'), none])).notes).toEqual(['Only A has a test split.'])
  })

  it('say where pixels differ under the same ids', async () => {
    const other = await makeRun('p2', {
      change: (run) => {
        const val = { ...run.manifest.splits.val!, fingerprint: 'f' }
        return { ...run, manifest: { ...run.manifest, splits: { ...run.manifest.splits, val } } }
      },
    })
    const { notes } = await compareRuns([await makeRun('p1'), other])
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain('The patches of val have the same ids')
  })
})

describe('patches that are not the same', () => {
  const refused: readonly (readonly [string, readonly Patch[], RegExp])[] = [
    [
      'patches that are missing or others',
      PATCHES.slice(3).map((patch, i) => (i < 2 ? { ...patch, id: `x${i}` } : patch)),
      /split val: expected the 120 patches of .*, got 117: 5 of those are missing, 2 are others/,
    ],
    [
      'other labels',
      PATCHES.map((patch, i) => (i < 4 ? { ...patch, label: 1 - patch.label! } : patch)),
      /expected the labels of .*, got others for 4 of 120 patches/,
    ],
    [
      'other slides',
      PATCHES.map((patch) => (patch.split === 'test' ? { ...patch, slide: 'x' } : patch)),
      /split test: expected the slides of .*, got others for 120 of 120 patches/,
    ],
    [
      'an id twice',
      PATCHES.map((patch) => (patch.id === '7' ? { ...patch, id: '8' } : patch)),
      /expected each id once, got 8 twice/,
    ],
  ]
  it.each(refused)('are refused: %s', async (name, patches, message) => {
    const other = await makeRun(`refused ${name}`, { patches })
    await expect(compareRuns([await makeRun('right'), other])).rejects.toThrow(message)
  })

  it('are no cell in both: refused as well', async () => {
    const other = await makeRun('cells', { stains: ['reinhard'] })
    await expect(compareRuns([await makeRun('right2'), other])).rejects.toThrow(
      /cells: expected a cell of .*right2, got reinhard\/texture\/mlp/,
    )
  })
})

describe('a comparison as Markdown and as a page', () => {
  it('names origin, runs by letter, numbers and what is missing, without folders, the same bytes each time', async () => {
    const [a, b] = [
      await makeRun('left|right'),
      await makeRun('<script>', { skill: 0.97, stains: ['none', '<script>'] }),
    ]
    const comparison = await compareRuns([a, b])
    const markdown = renderComparisonMarkdown(comparison)
    expect(markdown.replaceAll(/[\d.−]+/g, '0')).toMatchSnapshot()
    const page = await renderComparisonPage(comparison)
    expect(page).toBe(await renderComparisonPage(await compareRuns([a, b])))
    const text = textOf(page)
    expect(text).toContain('SYNTHETIC')
    expect(text).toContain('Only in A, not in B: macenko/texture/mlp.')
    expect(page).not.toMatch(/<script/)
    expect(page.match(/<svg/g)).toHaveLength(2)
    for (const out of [markdown, page]) expect(out).not.toContain(folder)
  }, 60_000)

  it('marks transductive cells with their note', async () => {
    const change = (run: ReturnType<typeof inventRun>) => ({
      ...run,
      metrics: {
        ...run.metrics,
        cells: run.metrics.cells.map((cell, i) =>
          i === 0 ? { ...cell, transductive: true as const } : cell,
        ),
      },
    })
    const comparison = await compareRuns([await makeRun('t1'), await makeRun('t2', { change })])
    const markdown = renderComparisonMarkdown(comparison)
    expect(markdown).toContain('none/texture/mlp (transductive)')
    expect(markdown).toContain('Transductive: unlabelled patches')
  })
})
