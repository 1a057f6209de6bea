import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readTableFile } from '../../src/files/index.ts'
import { writeCsv, writeParquet } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

describe('readTableFile', () => {
  const at = makeTemporaryFolder()
  const columns = {
    id: ['7', '08', 'a,b'],
    label: [1, 0, null],
    half: Float32Array.of(0.1, 0.5, 1 / 3),
    double: [0.1, 1e-7, 123456.75],
  }

  it('reads CSV and Parquet as the same text, whatever the file is called', async () => {
    writeFileSync(at('table.txt'), writeCsv(columns))
    writeFileSync(at('table.bin'), writeParquet(columns))
    const [csv, parquet] = [await readTableFile(at('table.txt')), await readTableFile(at('table.bin'))]
    expect(csv).toMatchObject({
      id: ['7', '08', 'a,b'],
      label: ['1', '0', ''],
      double: ['0.1', '1e-7', '123456.75'],
    })
    expect({ ...parquet, half: csv.half }).toEqual(csv)
    // Single precision is written out as a double: other digits, the same number.
    expect(Float32Array.from(parquet.half, Number)).toEqual(columns.half)
    expect(Float32Array.from(csv.half, Number)).toEqual(columns.half)
  })

  it('names a file that is not there, or no table', async () => {
    await expect(readTableFile(at('nowhere.csv'))).rejects.toThrow('nowhere.csv')
    writeFileSync(at('cut.parquet'), writeParquet(columns).subarray(0, 60))
    await expect(readTableFile(at('cut.parquet'))).rejects.toThrow('cut.parquet')
    writeFileSync(at('empty.csv'), '')
    await expect(readTableFile(at('empty.csv'))).rejects.toThrow('empty.csv')
  })
})
