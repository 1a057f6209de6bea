import { describe, expect, it } from 'vitest'
import { openParquet, readParquet, writeParquet } from '../../src/formats/index.ts'

describe('writeParquet and readParquet', () => {
  const columns = {
    id: ['a', 'b', 'c'],
    label: [1, 0, null],
    p: Float32Array.of(0.5, 0.25, 1),
    x: [0.1, 2, 3],
    n: Int32Array.of(-1, 0, 1),
  }

  it('give back text, numbers and missing values', async () => {
    const read = await readParquet(writeParquet(columns))
    const plain = Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, [...(values as Iterable<unknown>)]]),
    )
    expect(read).toEqual(plain)
  })

  it('give single columns of a file, and refuse those that are damaged', async () => {
    const { names, read } = openParquet(writeParquet(columns))
    expect(names).toEqual(Object.keys(columns))
    expect(await read('label')).toEqual([1, 0, null])
    expect(() => openParquet(Buffer.from('no parquet file'), 'x.parquet')).toThrow(/x\.parquet/)
  })

  it('write the same bytes for the same columns', () => {
    expect(Buffer.from(writeParquet(columns)).equals(Buffer.from(writeParquet(columns)))).toBe(true)
  })

  it('refuse a column of text and numbers, and other bytes', async () => {
    expect(() => writeParquet({ mixed: ['a', 1] })).toThrow(
      "column 'mixed': expected text or numbers, got both",
    )
    await expect(readParquet(Buffer.from('no parquet file'), 'x.parquet')).rejects.toThrow(/x\.parquet/)
  })
})
