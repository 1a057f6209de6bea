import { describe, expect, it } from 'vitest'
import { UnknownNameError, UsageError } from '../../src/base/index.ts'
import { alignPair, alignTables, type NamedTable } from '../../src/evaluate/index.ts'

const table = (where: string, columns: Record<string, string>): NamedTable => ({
  where,
  columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.split(' ')])),
})
// A run's predictions: ids of both splits begin at 0, labels of test are withheld.
const run: NamedTable = {
  where: 'run.csv',
  columns: {
    split: ['val', 'val', 'test', 'test'],
    id: ['0', '1', '0', '1'],
    label: ['1', '0', '', ''],
    center: ['1', '1', '2', '2'],
    probability: ['0.9', '0.2', '0.3', '0.8'],
  },
}
const test = table('test.csv', { id: '1 0 7', label: '1 0 1', slide: 'a b c' })

describe('alignTables', () => {
  it('pairs by split and id, never val with test', () => {
    const aligned = alignTables({ predictions: run, labels: test, split: 'test' })
    expect(aligned.ids).toEqual(['0', '1'])
    expect([...aligned.labels]).toEqual([0, 1])
    expect([...aligned.probabilities]).toEqual([0.3, 0.8].map(Math.fround))
    expect(aligned).toMatchObject({ split: 'test', centers: ['2', '2'], slides: ['b', 'a'], unpredicted: 1 })
  })

  it('takes the only split that the labels name, or the only one of the predictions', () => {
    const named = { ...test, columns: { ...test.columns, split: ['test', 'test', 'test'] } }
    expect(alignTables({ predictions: run, labels: named })).toMatchObject({ split: 'test' })
    expect(alignTables({ predictions: run })).toMatchObject({ split: 'val', ids: ['0', '1'] })
    const only = table('p.csv', { split: 'test test', id: '0 1', probability: '0.3 0.8' })
    expect(alignTables({ predictions: only, labels: test })).toMatchObject({ split: 'test' })
    const plain = table('p.csv', { id: '0 1', probability: '0.3 0.8' })
    expect(alignTables({ predictions: plain, labels: named })).toMatchObject({ split: 'test' })
    expect(alignTables({ predictions: plain, labels: test })).toMatchObject({ split: null })
  })

  it('refuses to guess a split', () => {
    expect(() => alignTables({ predictions: run, labels: test })).toThrow(
      'run.csv: expected patches of one split, got val, test; say which, as in --split val',
    )
    const plain = table('p.csv', { id: '0 1', probability: '0.3 0.8' })
    expect(() => alignTables({ predictions: plain, labels: test, split: 'test' })).toThrow('a column split')
  })

  it('refuses ids that repeat within what is paired', () => {
    const twice = table('twice.csv', { id: '0 1 0', label: '1 0 0' })
    const plain = table('p.csv', { id: '0 1', probability: '0.3 0.8' })
    expect(() => alignTables({ predictions: plain, labels: twice })).toThrow('each id once, got id 0 twice')
    const both = table('both.csv', { id: '0 1 0', split: 'val val test', label: '1 0 0' })
    expect(() => alignTables({ predictions: plain, labels: both })).toThrow('as in --split test')
    expect([...alignTables({ predictions: plain, labels: both, split: 'val' }).labels]).toEqual([1, 0])
  })

  it('holds the labels against those that the predictions have', () => {
    const labels = table('truth.csv', { id: '0 1', label: '1 1' })
    expect(() => alignTables({ predictions: run, labels, split: 'val' })).toThrow(
      'truth.csv id 1: expected label 0, as run.csv id 1 has it, got 1; are these the same patches?',
    )
    const same = table('truth.csv', { id: '0 1', label: '1.0 0' })
    expect([...alignTables({ predictions: run, labels: same, split: 'val' }).labels]).toEqual([1, 0])
  })

  it('takes what else is known of patches from a table without labels, where the predictions have them', () => {
    const known = table('known.csv', { id: '1 0', patient: 'b a' })
    const aligned = alignTables({ predictions: run, labels: known, split: 'val' })
    expect(aligned).toMatchObject({ patients: ['a', 'b'], labels: Uint8Array.of(1, 0) })
    expect(alignTables({ predictions: run, labels: known })).toMatchObject({ split: 'val' })
    const plain = table('p.csv', { id: '0 1', probability: '0.3 0.8' })
    expect(() => alignTables({ predictions: plain, labels: known })).toThrow(
      'known.csv: expected a column label',
    )
    expect(() => alignTables({ predictions: run, labels: known, split: 'test' })).toThrow(
      "run.csv id 0: expected label 0 or 1, got ''",
    )
  })

  it("takes the challenge's names, in any case, and --column before them", () => {
    const submission = table('submission.csv', { ID: '0 1', Pred: '1 0', other: '0.25 0.75' })
    const labels = table('truth.csv', { Id: '0 1', Label: '1 0', Center: '2 2' })
    expect(alignTables({ predictions: submission, labels })).toMatchObject({ centers: ['2', '2'] })
    expect([...alignTables({ predictions: submission, labels }).probabilities]).toEqual([1, 0])
    expect([...alignTables({ predictions: submission, labels, column: 'other' }).probabilities]).toEqual([
      0.25, 0.75,
    ])
    expect(() => alignTables({ predictions: submission })).toThrow('submission.csv: expected a column label')
    const two = table('two.csv', { ID: '0', iD: '1', label: '1', probability: '1' })
    expect(() => alignTables({ predictions: two })).toThrow("expected one column 'id', got ID, iD")
  })

  it('reads no number into what is none', () => {
    const labels = table('truth.csv', { id: '0', label: '1' })
    for (const text of ['', ' ', '0x10', 'NaN', '1.5', '-0.1', '0,5', 'tumour']) {
      const predictions = { where: 'p.csv', columns: { id: ['0'], probability: [text] } }
      expect(() => alignTables({ predictions, labels })).toThrow(
        `p.csv id 0: expected a probability from 0 to 1, got '${text}'`,
      )
      const predicted = table('p.csv', { id: '0', probability: '0.5' })
      const wrong = { where: 'truth.csv', columns: { id: ['0'], label: [text === '1.5' ? '2' : text] } }
      expect(() => alignTables({ predictions: predicted, labels: wrong })).toThrow('label 0 or 1')
    }
  })

  it('names a patch without a label', () => {
    const predictions = table('p.csv', { id: '0 5', probability: '0.5 0.5' })
    expect(() => alignTables({ predictions, labels: test })).toThrow(
      'test.csv: expected a row for id 5, got none',
    )
  })
})

describe('alignTables, where both tables know more of a patch', () => {
  const predictions = table('p.csv', {
    id: '0 1 2',
    center: '2 2 2',
    slide: '7 7 8',
    part: 'test test test',
    probability: '0.5 0.5 0.5',
  })
  const truth = (more: Record<string, string>) => table('truth.csv', { id: '2 1 0', label: '1 0 1', ...more })

  it.each([
    ['center', '2 1 1', 'truth.csv id 0: expected center 2, as p.csv has it, got 1 (2 of 3 patches differ)'],
    ['slide', '8 7 9', 'truth.csv id 0: expected slide 7, as p.csv has it, got 9 (1 of 3 patches differ)'],
    ['part', 'test val test', 'truth.csv id 1: expected part test, as p.csv has it, got val (1 of 3'],
  ])('refuses patches of another %s, naming the first and how many', (name, told, message) => {
    expect(() => alignTables({ predictions, labels: truth({ [name]: told }) })).toThrow(message)
  })

  it('compares names as readers give them, and nothing where either table is silent', () => {
    const labels = { ...truth({ slide: '8 07 7.0' }) }
    const silent = { ...labels, columns: { ...labels.columns, center: ['', '2', 'nan'] } }
    expect(alignTables({ predictions, labels: silent })).toMatchObject({ parts: ['test', 'test', 'test'] })
  })

  it('tells the patches of a second table of predictions in the same way', () => {
    const against = (center: string) => table('b.csv', { id: '0 1 2', center, probability: '0 0 0' })
    const pair = { predictions, labels: truth({}) }
    expect([...alignPair({ ...pair, against: against('2 2 2') }).b]).toEqual([0, 0, 0])
    expect(() => alignPair({ ...pair, against: against('2 1 2') })).toThrow(
      'p.csv id 1: expected center 1, as b.csv has it, got 2 (1 of 3 patches differ)',
    )
  })
})

describe('names that are chosen', () => {
  const predictions = table('p.csv', { id: '0', split: 'val', Label: '1', texture: '0.5' })

  it('are answered with the nearest where they are unknown', () => {
    for (const [chosen, message] of [
      [{ split: 'vl', column: 'texture' }, "p.csv split: expected one of val, got 'vl'; did you mean 'val'?"],
      [{ column: 'textur' }, "p.csv column: expected one of texture, got 'textur'; did you mean 'texture'?"],
    ] as const) {
      const align = () => alignTables({ predictions, ...chosen })
      expect(align).toThrow(UnknownNameError)
      expect(align).toThrow(message)
    }
    const labels = table('truth.csv', { id: '0', split: 'test', label: '1' })
    const plain = table('p.csv', { id: '0', probability: '0.5' })
    expect(() => alignTables({ predictions: plain, labels, split: 'val' })).toThrow(
      "truth.csv split: expected one of test, got 'val'",
    )
  })

  it.each(['label', 'Label', 'id', 'split'])('are no probabilities where they are %s', (column) => {
    const align = () => alignTables({ predictions, column })
    expect(align).toThrow(UsageError)
    expect(align).toThrow(
      `p.csv column: expected one of texture, got '${column}', which says what a patch is`,
    )
  })
})

describe('alignPair', () => {
  const labels = table('truth.csv', { id: '0 1', label: '1 0' })
  const first = table('a.csv', { id: '0 1', probability: '0.9 0.1' })

  it('pairs a second table by id, whatever its order', () => {
    const against = table('b.csv', { id: '1 0', Pred: '0 1' })
    const pair = alignPair({ predictions: first, labels, against })
    expect([...pair.labels]).toEqual([1, 0])
    expect([...pair.b]).toEqual([1, 0])
  })

  it('compares two columns of one table within a split', () => {
    const two = { ...run, columns: { ...run.columns, other: ['0.1', '0.2', '0.3', '0.4'] } }
    const pair = alignPair({ predictions: two, against: two, againstColumn: 'other' })
    expect(pair.split).toBe('val')
    expect([...pair.b]).toEqual([0.1, 0.2].map(Math.fround))
  })

  it('takes the split that only the second names from --split', () => {
    const against = { ...run, columns: { ...run.columns, label: ['', '', '', ''] } }
    expect([...alignPair({ predictions: first, labels, against, split: 'val' }).b]).toEqual(
      [0.9, 0.2].map(Math.fround),
    )
    expect(() => alignPair({ predictions: first, labels, against })).toThrow('patches of one split')
  })

  it('refuses other patches and other labels', () => {
    const fewer = table('b.csv', { id: '0', probability: '0.9' })
    expect(() => alignPair({ predictions: first, labels, against: fewer })).toThrow(
      'b.csv: expected a row for id 1, got none',
    )
    const more = table('b.csv', { id: '0 1 2', probability: '0.9 0.9 0.9' })
    expect(() => alignPair({ predictions: first, labels, against: more })).toThrow(
      'a.csv: expected a row for id 2, got none',
    )
    const other = table('b.csv', { id: '0 1', probability: '0.9 0.1', label: '0 0' })
    expect(() => alignPair({ predictions: first, labels, against: other })).toThrow('same patches?')
  })
})
