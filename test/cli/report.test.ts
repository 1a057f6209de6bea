// eosin report: anew, as a table, and as a comparison of runs.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunComparison } from '../../src/report/index.ts'
import { makeRunIn, PATCHES } from '../report/predictedRun.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-report-cli-'))
beforeAll(async () => {
  await makeRunIn(folder, 'first')
  await makeRunIn(folder, 'second', { skill: 0.97 })
  await makeRunIn(folder, 'fewer', { patches: PATCHES.slice(5) })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const report = (...args: string[]) => runCli(['report', ...args], folder)

describe('eosin report of one run', () => {
  it('writes what goes out of it and names the page', async () => {
    const { code, stdout } = await report('first')
    expect([code, stdout]).toEqual([0, 'first/report.html\n'])
    for (const file of ['report.html', 'table.tex', 'figures/roc-test.svg'])
      expect(readFileSync(join(folder, 'first', file), 'utf8').length).toBeGreaterThan(500)
  }, 30_000)

  it('prints its table', async () => {
    const { code, stdout } = await report('first', '--table', 'md')
    expect(code).toBe(0)
    expect(stdout).toBe(readFileSync(join(folder, 'first', 'table.md'), 'utf8'))
    const { table } = JSON.parse((await report('first', '--table', 'csv', '--json')).stdout)
    expect(table).toBe(readFileSync(join(folder, 'first', 'table.csv'), 'utf8'))
  }, 30_000)
})

describe('eosin report of several runs', () => {
  it('prints the comparison, as text and as JSON', async () => {
    const { code, stdout } = await report('first', 'second')
    expect(code).toBe(0)
    expect(stdout).toContain('A: first (run first), by Eosin 0.1.0. SYNTHETIC')
    expect(stdout).toMatch(/^macenko\/texture\/mlp +test .*\d+\.\d \(/m)
    const comparison = JSON.parse((await report('first', 'second', '--json')).stdout) as RunComparison
    expect(comparison.comparisons).toHaveLength(4)
    expect(comparison.runs.map(({ folder }) => folder)).toEqual(['first', 'second'])
  }, 30_000)

  it('writes it to a file, which is not replaced unasked', async () => {
    for (const file of ['both.html', 'both.md']) {
      expect((await report('first', 'second', '--out', file)).code).toBe(0)
      expect(readFileSync(join(folder, file), 'utf8')).toContain('B less A')
    }
    const { code, stderr } = await report('first', 'second', '--out', 'both.md')
    expect(code).toBe(2)
    expect(stderr).toContain('give --overwrite or another --out')
  }, 60_000)

  it('refuses other patches in one line, with their number', async () => {
    const { code, stderr } = await report('first', 'fewer')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /split val: expected the 120 patches of first.*, got 115: 5 of those are missing, 0 are others/,
    )
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }, 30_000)
})

describe('what cannot be meant', () => {
  it.each([
    [['first', 'second', '--table', 'md'], '--table: expected one run, got 2 runs'],
    [['first', '--out', 'x.html'], '--out: expected several runs to compare, got one run'],
    [['first', 'second', '--out', 'x.pdf'], '--out: expected a file that ends in .html or .md, got x.pdf'],
    [['first', '--table', 'xls'], "--table: expected one of md, tex, csv, got 'xls'"],
  ])('%j is a usage error', async (args, message) => {
    const { code, stderr } = await report(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('a folder that is no run is named', async () => {
    const { code, stderr } = await report('first', 'nowhere')
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('nowhere: expected the folder of a finished run'),
    ])
  })
})
