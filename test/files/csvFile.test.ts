import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createCsv } from '../../src/files/index.ts'
import { writeCsv } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

describe('createCsv', () => {
  it('writes in parts what writeCsv writes at once', async () => {
    const writer = await createCsv(inFolder('parts.csv'), ['id', 'p'])
    await writer.append({ id: ['a'], p: [1] })
    await writer.append({ id: ['b', 'c'], p: [2, 3] })
    await expect(writer.append({ id: ['d'] })).rejects.toThrow('expected the columns id, p, got id')
    await writer.close()
    expect(readFileSync(inFolder('parts.csv'), 'utf8')).toBe(writeCsv({ id: ['a', 'b', 'c'], p: [1, 2, 3] }))
  })
})
