// What went wrong below, in words, on one line.

import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DataError, describeCause, systemCode } from '../../src/base/index.ts'

const failing = (path: string) =>
  readFile(path).then(
    () => expect.unreachable(),
    (cause: unknown) => cause,
  )

describe('describeCause', () => {
  it.each([
    ['nowhere/at-all', 'no such file or folder'],
    ['src', 'a folder where a file is expected'],
    ['package.json/x', 'a file where a folder is expected'],
    [`${'x'.repeat(300)}`, 'a name that is too long'],
    ['a\u0000b', 'a path that cannot be (does it hold a null character?)'],
  ])('says what is wrong with reading %s without the code of the system', async (path, said) => {
    const cause = await failing(path)
    expect(describeCause(cause)).toBe(said)
    expect(systemCode(cause)).toMatch(/^E/)
  })

  it('says so where permission or room lacks', () => {
    const failure = (code: string) =>
      Object.assign(new Error(`${code}: raw, open '/x'`), { code, syscall: 'open' })
    expect(['EACCES', 'EPERM', 'ENOSPC', 'EROFS'].map((code) => describeCause(failure(code)))).toEqual([
      'no permission',
      'no permission',
      'no space left on the disk',
      'a read-only file system',
    ])
    expect(describeCause(failure('EODD'))).toBe('system error EODD')
  })

  it('puts a message of several lines on one', () => {
    expect(describeCause(new SyntaxError('at  line 1\n\tcolumn\u0007 2'))).toBe('at line 1 column 2')
    expect(systemCode(new SyntaxError('x'))).toBeUndefined()
  })

  it('is the only way by which a message of a cause gets into an error of Eosin', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    const raw = files.filter((file) =>
      /got: \(?(?:cause|error)(?: as \w+\))?\.message/.test(readFileSync(join('src', file), 'utf8')),
    )
    expect(raw).toEqual(['graph/read/readGraph.ts']) // an error of Eosin's own, told where it arose
  })
})

describe('an error', () => {
  it('is never longer than some lines, and on one line', () => {
    const long = `begin${'x'.repeat(40_000_000)}end`
    const { message } = new DataError({ where: long, expected: long, got: `a\nb${long}`, hint: long })
    expect(message.length).toBeLessThan(2500)
    expect(message).not.toContain('\n')
    expect(message).toMatch(/^beginx+ \.\.\. x+end: expected beginx+/)
  })
})
