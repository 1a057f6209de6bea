import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BenchLine } from '../../bench/benchCase.ts'
import { historyFile, readArguments } from '../../bench/benchOptions.ts'
import { appendHistory, compareCase, type HistoryLine, parseHistory, toHistory } from '../../bench/history.ts'
import { describeMachine, isAlike, type Machine, parseFeatures } from '../../bench/machine.ts'
import { DataError } from '../../src/base/index.ts'

const machine: Machine = {
  processor: 'AMD EPYC',
  cores: 2,
  features: ['avx2', 'fma'],
  node: '20.20.0',
  onnxruntime: '1.30.0',
}
const line = (per_s: number, more: Partial<BenchLine> = {}): BenchLine => {
  return { case: 'gemm', peer: 'eosin', threads: 2, median_s: 1, best_s: 1, unit: 'GFLOP', per_s, ...more }
}
const kept = (per_s: number, more: Partial<BenchLine> = {}, on: Machine = machine, date = '2026-11-27') =>
  toHistory(line(per_s, more), on, { date, commit: 'abcdef1' })

const compareOne = (one: BenchLine, on: Machine, history: readonly HistoryLine[], device?: string) =>
  compareCase([one], on, history, device)[0]

test('what was kept is read as it was', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'eosin-history-')), 'history.jsonl')
  writeFileSync(path, '')
  const lines = [
    kept(100, { ratio: 1.25 }),
    kept(50, { threads: 1, share: 0.876543 }, { ...machine, features: null }),
  ]
  appendHistory(path, [lines[0]])
  appendHistory(path, [lines[1]])
  expect(parseHistory(readFileSync(path, 'utf8'), path)).toEqual(
    lines.map((each) => JSON.parse(JSON.stringify(each))),
  )
  expect(lines[1].share).toBe(0.8765)
})

test.each([
  ['no JSON', '{"date":', /a\.jsonl:2: expected a JSON object/],
  ['no rate', JSON.stringify({ ...kept(1), per_s: '1' }), /a\.jsonl:2: expected per_s: a number/],
  ['a rate of 0', JSON.stringify({ ...kept(1), per_s: 0 }), /per_s above 0/],
  ['features in a text', JSON.stringify({ ...kept(1), features: 'avx2' }), /features: names, or null/],
  ['null', 'null', /expected date: a string/],
])('a history with a line of %s is refused by its number', (_, bad, message) => {
  expect(() => parseHistory(`${JSON.stringify(kept(1))}\n${bad}\n`, 'a.jsonl')).toThrow(DataError)
  expect(() => parseHistory(`${JSON.stringify(kept(1))}\n${bad}\n`, 'a.jsonl')).toThrow(message)
})

test('the history of the repository can be read, and what nothing measured says where it is from', () => {
  const lines = parseHistory(readFileSync(historyFile, 'utf8'), historyFile)
  expect(lines.length).toBeGreaterThan(10)
  for (const each of lines) {
    expect(each.date).toMatch(/^\d{4}-\d\d-\d\d$/)
    if (each.source === undefined) expect(each.node).toBeDefined()
  }
})

test('a planted fall by more than a tenth is said in words, a smaller one is none', () => {
  const fell = compareOne(line(85), machine, [kept(100)])
  expect(fell.verdict).toBe('fell')
  expect(fell.text).toContain('fell by 15 % (100 GFLOP/s at abcdef1 on 2026-11-27, now 85 GFLOP/s)')
  expect(compareOne(line(91), machine, [kept(100)]).verdict).toBe('held')
  expect(compareOne(line(120), machine, [kept(100)]).verdict).toBe('rose')
})

test('a fall that the peer shares is the machine’s', () => {
  const history = [kept(100, { ratio: 1.5 }), kept(66, { peer: 'pytorch 1.13.1' })]
  expect(compareOne(line(70, { ratio: 1.48 }), machine, history).verdict).toBe('slower')
  expect(compareOne(line(70, { ratio: 1.1 }), machine, history).verdict).toBe('fell')
  expect(compareOne(line(40, { peer: 'pytorch 2.5.0' }), machine, history).verdict).toBe('slower')
})

test('lines without a ratio are judged by how the peer of their case changed', () => {
  const history = [kept(100, { ratio: 1.5 }), kept(60, { threads: 1 })]
  const judge = (ratio: number) =>
    compareCase([line(70, { ratio }), line(42, { threads: 1 })], machine, history)
  expect(judge(1.5).map(({ verdict }) => verdict)).toEqual(['slower', 'slower'])
  expect(judge(1.5)[1].text).toContain("the case's peer has 70 % of its speed then: the machine's")
  expect(judge(1.05).map(({ verdict }) => verdict)).toEqual(['fell', 'fell'])
})

test('large rates are written out', () => {
  const earlier = [kept(21422, { unit: 'rows' })]
  expect(compareOne(line(12000, { unit: 'rows' }), machine, earlier).text).toContain('21,420 rows/s')
})

test('where a ratio is a time over a time, less is better', () => {
  const grid = { case: 'study-grid', ratio: 1.0 }
  const history = [kept(100, grid)]
  expect(compareOne(line(70, { ...grid, ratio: 1.4 }), machine, history).verdict).toBe('fell')
  expect(compareOne(line(70, { ...grid, ratio: 0.9 }), machine, history).verdict).toBe('slower')
})

test('only the latest figure of the same case, peer, threads and features counts', () => {
  const avx512 = { ...machine, features: ['avx2', 'fma', 'avx512f'] }
  const history = [
    kept(100, {}, machine, '2026-11-30'),
    kept(900, {}, machine, '2026-11-20'),
    kept(900, {}, avx512, '2026-12-01'),
    kept(900, {}, { ...machine, cores: 16 }, '2026-12-01'),
    kept(900, { threads: 1 }, machine, '2026-12-01'),
    kept(900, { case: 'other' }, machine, '2026-12-01'),
    kept(900, { peer: 'eosin, int8' }, machine, '2026-12-01'),
  ]
  expect(compareOne(line(100), machine, history).verdict).toBe('held')
  expect(compareOne(line(100), machine, history.slice(1)).verdict).toBe('fell')
  expect(compareOne(line(100), machine, history.slice(2)).text).toBe(
    'gemm, eosin, 2 threads: no earlier figure for 2 cores with avx2 fma, only for others',
  )
})

test('figures of a GPU are compared with those of the same kind of device', () => {
  const onCuda = toHistory(line(900), machine, { date: '2026-11-27', commit: 'abcdef1' }, 'cuda')
  expect(compareOne(line(100), machine, [onCuda]).verdict).toBe('new')
  expect(compareOne(line(100), machine, [onCuda], 'cuda').verdict).toBe('fell')
})

test('features are those that matter, in one order, or unknown', () => {
  expect(parseFeatures('processor: 0\nflags\t\t: fpu fma sse2 avx2 avx512_vnni\n')).toEqual([
    'avx2',
    'fma',
    'avx512_vnni',
  ])
  expect(parseFeatures('Features\t: fp asimd evtstrm\n')).toEqual(['asimd'])
  expect(parseFeatures('flags : sse2\n')).toEqual([])
  expect(parseFeatures('hart : 0\nisa : rv64\n')).toBeNull()
})

test('unknown features are like none but those of the same processor, unknown too', () => {
  const unknown = { ...machine, features: null }
  expect(isAlike(unknown, machine)).toBe(false)
  expect(isAlike(machine, unknown)).toBe(false)
  expect(isAlike(unknown, { ...unknown })).toBe(true)
  expect(isAlike(unknown, { ...unknown, processor: 'Apple M4' })).toBe(false)
  expect(isAlike(machine, { ...machine, features: ['fma', 'avx2'] })).toBe(true)
  expect(isAlike(machine, { ...machine, features: ['avx2', 'fma', 'avx10'] })).toBe(false)
  expect(compareOne(line(1), unknown, [kept(100)]).text).toContain(
    '2 cores with unknown features, only for others',
  )
})

test('this machine is described', () => {
  const { processor, cores, node, onnxruntime } = describeMachine()
  expect(processor).not.toBe('')
  expect(cores).toBeGreaterThan(0)
  expect(`v${node}`).toBe(process.version)
  expect(onnxruntime).toMatch(/^\d+\.\d+\.\d+$/)
})

test('figures of a quick run are neither kept nor compared, and --fail needs what to compare with', () => {
  expect(readArguments(['gemm', '--against', 'history', '--fail'])).toMatchObject({
    names: ['gemm'],
    against: historyFile,
    fail: true,
  })
  expect(readArguments(['--against', 'mine.jsonl']).against).toBe('mine.jsonl')
  expect(readArguments([])).toMatchObject({ names: [], against: null, record: false, fail: false })
  expect(() => readArguments(['--quick', '--record'])).toThrow(TypeError)
  expect(() => readArguments(['--fail'])).toThrow('--against')
  expect(() => readArguments(['--fast'])).toThrow()
})
