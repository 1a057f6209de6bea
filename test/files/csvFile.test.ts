import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCsvFile, writeFileAtomic } from '../../src/files/index.ts'
import { writeCsv, writeCsvBlocks } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

describe('a CSV file', () => {
  const rows = 10_000
  const columns = { id: Array.from({ length: rows }, (_, i) => `µ${i}`), p: new Float32Array(rows).fill(0.1) }

  it('is written block by block with the bytes of writeCsv', async () => {
    await writeFileAtomic(inFolder('blocks.csv'), writeCsvBlocks(columns))
    expect(readFileSync(inFolder('blocks.csv'), 'utf8')).toBe(writeCsv(columns))
    expect((await readCsvFile(inFolder('blocks.csv'))).id).toEqual(columns.id)
  })

  it('is not there where a block cannot be made', async () => {
    function* fail() {
      yield 'id\n'
      throw new Error('no more')
    }
    await expect(writeFileAtomic(inFolder('none.csv'), fail())).rejects.toThrow('no more')
    expect(readdirSync(dirname(inFolder('none.csv'))).filter((name) => name.startsWith('none'))).toEqual([])
  })
})
