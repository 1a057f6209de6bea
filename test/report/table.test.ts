// The table of a run in three formats: the numbers are the report's, and no label can be more than a label.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from '../../src/formats/index.ts'
import { type ReportData, renderTableFile, writeReport } from '../../src/report/index.ts'
import { escapeLatex } from '../../src/report/latex.ts'
import { escapeMarkdown } from '../../src/report/markdown.ts'
import { renderEvaluate } from '../../src/report/sections/evaluate.ts'
import { dataOf, inventRun, type SampleOptions, textOf, writeSampleRun } from './sampleRun.ts'

const SMALL: SampleOptions = { stains: ['none', 'macenko'], embeds: ['texture'], heads: ['mlp', 'logistic'] }
const DATA = dataOf(inventRun(SMALL))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eosin-report-table-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function withCells(change: (cell: ReportData['metrics']['cells'][number], i: number) => object): ReportData {
  const cells = DATA.metrics.cells.map((cell, i) => ({ ...cell, ...change(cell, i) }))
  return { ...DATA, metrics: { ...DATA.metrics, cells } }
}

describe('the table as Markdown', () => {
  it('has every cell with intervals, spread over seeds and p, best first, the chosen one in bold', () => {
    const text = renderTableFile(DATA, 'md')
    expect(text).toMatchSnapshot()
    expect(text.match(/^\| \*\*/gm)).toHaveLength(1)
  })

  it('has the numbers of the report', async () => {
    const report = textOf((await renderEvaluate(DATA)).body.markup)
    const numbers = [...renderTableFile(DATA, 'md').matchAll(/\d+\.\d{1,3}(?![\d]|\.\d)/g)].map(([n]) => n)
    expect(numbers.length).toBeGreaterThan(50)
    for (const number of numbers.filter((n) => n !== '0.1' && n !== '0.05')) expect(report).toContain(number)
  })

  it('names how real the pixels are, what is transductive and what is missing', () => {
    const [cell] = DATA.metrics.cells
    const failures = [{ task: 'embed macenko/texture test', reason: 'no memory', skipped: [] }]
    const marked = withCells(({ id }) => (id === cell.id ? { transductive: true } : {}))
    const text = renderTableFile({ ...marked, metrics: { ...marked.metrics, failures } }, 'md')
    expect(text).toContain('SYNTHETIC: The patches were drawn by a program.')
    expect(text).toContain('Transductive: unlabelled patches of the center that is predicted')
    expect(text).toContain('The table has gaps: 1 task failed.')
    expect(text.match(/transductive \|/g)).toHaveLength(1)
    expect(renderTableFile(DATA, 'md')).not.toMatch(/[Tt]ransductive|gaps/)
  })

  it('shows the spread over seeds of cells that have several, where others have one', () => {
    const some = withCells((cell) => (cell.classify === 'logistic' ? { seeds: cell.seeds.slice(0, 1) } : {}))
    const lines = renderTableFile(some, 'md').split('\n')
    const spread = (head: string) =>
      lines.filter((line) => line.includes(head)).map((line) => line.includes('±'))
    expect(spread('| logistic |')).toEqual([false, false])
    expect(spread('| mlp |')).toEqual([true])
    expect(readCsv(renderTableFile(some, 'csv')).val_accuracy_seeds_sd.filter(Boolean)).toHaveLength(2)
  })

  it('ends at validation where test labels are withheld, and has dashes for what is not there', () => {
    const text = renderTableFile(dataOf(inventRun({ ...SMALL, testLabels: false })), 'md')
    expect(text).not.toContain('test accuracy')
    const oneClass = withCells((cell) => ({ val: { ...cell.val, auroc: null } }))
    expect(renderTableFile(oneClass, 'md').match(/\| – \|/g)!.length).toBeGreaterThanOrEqual(3)
  })
})

describe('the table as LaTeX', () => {
  it('is a table with a caption', () => {
    expect(renderTableFile(DATA, 'tex')).toMatchSnapshot()
  })
})

describe('the table as CSV', () => {
  it('has a column a number, and the origin in every row', () => {
    const columns = readCsv(renderTableFile(DATA, 'csv'))
    expect(Object.keys(columns)).toMatchSnapshot()
    expect(columns.origin).toEqual(DATA.metrics.cells.map(() => 'synthetic'))
    expect(columns.note[0]).toBe('chosen')
    expect(columns.augment).toEqual(DATA.metrics.cells.map(() => 'none'))
    for (const name of ['val_accuracy', 'val_accuracy_low', 'test_auroc_high', 'test_accuracy_seeds_sd'])
      for (const value of columns[name]) expect(Number(value)).toBeGreaterThan(0)
  })
})

describe('labels', () => {
  const odd = [
    'a_b&c%d',
    'x|y',
    '<script>alert(1)</script>',
    '=cmd()',
    '[5pt]',
    '*star',
    '$x^2$ #1 {~} \\end',
  ]
  const data = dataOf(inventRun({ stains: odd, embeds: ['texture'], heads: ['mlp'], name: 'a_b | <i> & %' }))

  it('stay labels in Markdown', () => {
    const text = renderTableFile(data, 'md')
    const lines = text.split('\n').filter((line) => line.startsWith('|'))
    const bars = lines.map((line) => line.replaceAll('\\|', '').split('|').length)
    expect(new Set(bars).size).toBe(1)
    expect(lines).toHaveLength(odd.length + 2)
    expect(text).not.toMatch(/<[a-z/]/i)
    expect(escapeMarkdown('a_b & <i>\n|')).toBe('a\\_b &amp; &lt;i&gt; \\|')
  })

  it('stay labels in LaTeX', () => {
    const text = renderTableFile(data, 'tex')
    const body = text.slice(text.indexOf('\\midrule'), text.indexOf('\\bottomrule'))
    const rows = body.split('\n').slice(1, -1)
    expect(rows).toHaveLength(odd.length)
    const separators = rows.map((row) => row.match(/(?<!\\)&/g)!.length)
    expect(new Set(separators).size).toBe(1)
    expect(body.replaceAll('\\\\\n', '\n')).not.toMatch(/(?<!\\)[%#_]|\\end|(?<=\n)[[*]/)
    expect(escapeLatex('50 % of a_b, x^2 ~ {y} \\ [z] "q" 1–2 ±')).toBe(
      "50 \\% of a\\_b, x\\textasciicircum{}2 \\textasciitilde{} \\{y\\} \\textbackslash{} {[}z] ''q'' 1--2 $\\pm$",
    )
  })

  it('run as no formula in a spreadsheet, and read back as they were', () => {
    const text = renderTableFile(data, 'csv')
    expect(text).not.toMatch(/(^|,)"?=/m)
    expect([...readCsv(text).stain].sort()).toEqual([...odd].sort())
  })
})

describe('writing a report', () => {
  it('writes the tables and the figures beside it, the same bytes each time, nothing left of an earlier one', async () => {
    const run = join(folder, 'run')
    await writeSampleRun(run, inventRun(SMALL), false)
    await writeReport(run)
    const names = (await readdir(run)).filter((name) => /^(table|figures|report)/.test(name)).sort()
    expect(names).toEqual(['figures', 'report.html', 'table.csv', 'table.md', 'table.tex'])
    const figures = await readdir(join(run, 'figures'))
    const before = await readFile(join(run, 'figures', 'roc-test.svg'), 'utf8')
    await writeSampleRun(run, inventRun({ ...SMALL, testLabels: false }), false)
    await writeReport(run)
    expect(await readdir(join(run, 'figures'))).not.toContain('roc-test.svg')
    await writeSampleRun(run, inventRun(SMALL), false)
    await writeReport(run)
    expect(await readdir(join(run, 'figures'))).toEqual(figures)
    expect(await readFile(join(run, 'figures', 'roc-test.svg'), 'utf8')).toBe(before)
  }, 60_000)
})
