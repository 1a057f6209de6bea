// Which patches are shown, in which order, and the table that is exported of them.

import { describe, expect, it } from 'vitest'
import { readCsv } from '../../src/formats/index.ts'
import type { SetColumns } from '../../src/serve/index.ts'
import {
  type Filters,
  filterRows,
  type Known,
  noFilters,
  orderRows,
} from '../../web/src/pages/patches/choose.ts'
import { exportCsv } from '../../web/src/pages/patches/exportCsv.ts'

const columns: SetColumns = {
  id: 'run-x',
  title: 'run x',
  run: 'x',
  origin: 'synthetic',
  count: 6,
  height: 4,
  width: 4,
  ids: ['=1+1', '-2', '@cmd', '+SUM(A1)', 'plain,"quoted"', '10'],
  splitNames: ['train', 'test'],
  centerNames: ['0', '2'],
  slideNames: ['a', 'b'],
  ruleNames: ['', 'black'],
  verdictNames: ['', 'ok', 'fallback'],
  stains: ['my: stain'],
  cells: ['a/b/c'],
  threshold: 0.5,
  split: Uint8Array.of(0, 0, 0, 1, 1, 1),
  center: Int32Array.of(0, 0, -1, 1, 1, 1),
  slide: Int32Array.of(0, 1, 0, 1, 1, -1),
  label: Uint8Array.of(0, 1, 255, 1, 0, 1),
  rule: Uint8Array.of(0, 1, 0, 0, 0, 1),
  verdicts: { 'my: stain': Uint8Array.of(1, 1, 1, 2, 1, 0) },
  notes: [],
}
const known: Known = {
  first: Float32Array.of(Number.NaN, Number.NaN, 0.9, 0.4, 0.2, 0.5),
  second: Float32Array.of(Number.NaN, Number.NaN, 0.8, 0.9, Number.NaN, 0.4),
  threshold: 0.5,
  chosen: new Set([1, 4]),
  doubted: new Set([5]),
}
const rowsOf = (filters: Partial<Filters>) => [...filterRows(columns, { ...noFilters, ...filters }, known)]

describe('filters', () => {
  it.each([
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ split: 'test' }, [3, 4, 5]],
    [{ center: '2', slide: 'b' }, [3, 4]],
    [{ label: 'tumour' }, [1, 3, 5]],
    [{ label: 'unknown' }, [2]],
    [{ prediction: 'tumour' }, [2, 5]],
    [{ prediction: 'normal' }, [3, 4]],
    [{ prediction: 'wrong' }, [3]],
    [{ prediction: 'right' }, [4, 5]],
    [{ rule: 'passed' }, [0, 2, 3, 4]],
    [{ rule: 'black' }, [1, 5]],
    [{ rule: 'rejected', split: 'test' }, [5]],
    [{ verdict: 'my: stain: fallback' }, [3]],
    [{ mark: 'chosen' }, [1, 4]],
    [{ mark: 'doubted' }, [5]],
    [{ id: '1' }, [0, 3, 5]],
    [{ center: 'gone' }, []],
  ] as [Partial<Filters>, number[]][])('%j shows %j', (filters, rows) => {
    expect(rowsOf(filters)).toEqual(rows)
  })
})

describe('an order', () => {
  const rows = Uint32Array.of(0, 1, 2, 3, 4, 5)
  it.each([
    ['set', [0, 1, 2, 3, 4, 5]],
    ['sure', [2, 4, 3, 5, 0, 1]],
    ['unsure', [5, 3, 4, 2, 0, 1]],
    ['wrong', [3, 5, 4, 0, 1, 2]],
    ['apart', [3, 5, 2, 0, 1, 4]],
  ] as const)('%s is %j', (order, expected) => {
    expect([...orderRows(rows, order, columns, known)]).toEqual(expected)
  })
})

describe('the table that is exported', () => {
  const doubt = { source: 's', id: 'x', label: 1, as: 'unclear', note: '=cmd|calc', at: '' } as const
  const text = exportCsv({
    columns,
    rows: [0, 1, 2, 3, 4, 5],
    probabilities: { 'a/b/c': known.first! },
    doubts: new Map([[3, doubt]]),
  })

  it('runs nothing in a spreadsheet: what begins as a formula is text', () => {
    const fields = text
      .split('\n')
      .slice(1)
      .flatMap((line) => line.split(','))
    expect(fields.filter((field) => /^"?[=+@]/.test(field))).toEqual([])
    expect(fields.filter((field) => /^-(?!\d+$)/.test(field))).toEqual([])
    expect(text).toContain("'=cmd|calc")
  })

  it('reads back as what it was', () => {
    const table = readCsv(text)
    expect(table.id).toEqual(columns.ids)
    expect(table.center).toEqual(['0', '0', '', '2', '2', '2'])
    expect(table.label).toEqual(['0', '1', '', '1', '0', '1'])
    expect(table.quality_rule).toEqual(['', 'black', '', '', '', 'black'])
    expect(table['verdict my: stain']).toEqual(['ok', 'ok', 'ok', 'fallback', 'ok', ''])
    expect(table['a/b/c']).toEqual(['', '', '0.9', '0.4', '0.2', '0.5'])
    expect(table.doubted_as).toEqual(['', '', '', 'unclear', '', ''])
    expect(table.doubt_note[3]).toBe('=cmd|calc')
  })
})
