import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkSubmission, diffSubmissions, writeSubmission } from '../../src/runs/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-submission-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('a submission', () => {
  it('is ID,Pred with LF, ordered by number and not by text', async () => {
    const path = join(folder, 'written.csv')
    await writeSubmission(path, ['10', '2', '1'], [1, 0, 1])
    expect(readFileSync(path, 'utf8')).toBe('ID,Pred\n1,1\n2,0\n10,1\n')
  })

  it('cannot be written for ids that are no integers', async () => {
    await expect(writeSubmission(join(folder, 'x.csv'), ['a'], [1])).rejects.toThrow(
      "integer ids as the challenge has them, got 'a'",
    )
  })

  it('cannot be written for two ids that are one integer, and orders integers of any length', async () => {
    await expect(writeSubmission(join(folder, 'x.csv'), ['1', '01'], [1, 0])).rejects.toThrow(
      "integer ids as the challenge has them, got '1' beside '01', which are one integer",
    )
    const path = join(folder, 'long.csv')
    await writeSubmission(path, ['9007199254740993', '9007199254740992'], [1, 0])
    expect(readFileSync(path, 'utf8')).toBe('ID,Pred\n9007199254740992,0\n9007199254740993,1\n')
  })

  it('passes the linter where it fits the test set', async () => {
    const check = await checkSubmission(file('good.csv', 'ID,Pred\n0,1\n1,0\n'), ['1', '0'])
    expect(check).toEqual({ rows: 2, positives: 1, positiveShare: 0.5, problems: [], warnings: [] })
  })

  it.each([
    ['a missing id', 'ID,Pred\n0,1\n', '1 IDs of the test set are missing, e.g. 1'],
    ['an id too many', 'ID,Pred\n0,1\n1,0\n2,0\n', '1 IDs are not in the test set, e.g. 2'],
    ['an id twice', 'ID,Pred\n0,1\n1,0\n1,0\n', '1 IDs stand twice, e.g. 1'],
    ['an id in two spellings', 'ID,Pred\n0,1\n1,0\n01,0\n', 'IDs 1 and 01 are one integer'],
    ['a probability', 'ID,Pred\n0,0.7\n1,0\n', "ID 0: Pred must be 0 or 1, got '0.7'"],
    ['CRLF', 'ID,Pred\r\n0,1\r\n1,0\r\n', 'line ends are CRLF; the challenge wants LF'],
  ])('fails the linter on %s', async (_, text, problem) => {
    expect((await checkSubmission(file('bad.csv', text), ['0', '1'])).problems).toContain(problem)
  })

  it('needs the header as the challenge has it', async () => {
    await expect(checkSubmission(file('head.csv', 'id,label\n0,1\n'), ['0'])).rejects.toThrow(
      "the header 'ID,Pred'",
    )
    await expect(checkSubmission(file('semi.csv', 'ID;Pred\n0;1\n'), ['0'])).rejects.toThrow("got 'ID;Pred'")
  })

  it('warns of a class share that cannot be right and of unordered rows', async () => {
    const { warnings } = await checkSubmission(file('share.csv', 'ID,Pred\n1,1\n0,1\n'), ['0', '1'])
    expect(warnings).toEqual([
      'rows are not in ascending order of ID',
      "100.0 % tumour: the challenge's classes are near balance",
    ])
  })

  it('compares with another by id, whatever their order', async () => {
    const a = file('a.csv', 'ID,Pred\n0,1\n1,0\n')
    const b = file('b.csv', 'ID,Pred\n1,1\n0,1\n')
    expect(await diffSubmissions(a, b)).toEqual({
      rows: 2,
      differing: 1,
      examples: [{ id: '1', a: 0, b: 1 }],
    })
  })
})
