import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createCsv,
  readCsv,
  readParquet,
  requireColumns,
  writeCsv,
  writeParquet,
} from '../../src/formats/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

describe('readCsv', () => {
  it('reads quotes, commas, line breaks, CRLF and a byte order mark', () => {
    const text = '\uFEFFid,note\r\n1,"a, ""b""\nc"\r\n2,\r\n'
    expect(readCsv(text)).toEqual({ id: ['1', '2'], note: ['a, "b"\nc', ''] })
  })

  it('keeps an unnamed first column, as pandas writes its index', () => {
    expect(readCsv(',patient\n0,004\n')).toEqual({ '': ['0'], patient: ['004'] })
  })

  it('reads a last line without a line break, and an empty last field', () => {
    expect(readCsv('a,b\n1,2\n3,')).toEqual({ a: ['1', '3'], b: ['2', ''] })
  })

  it('names the row that has another length, repeated columns and open quotes', () => {
    expect(() => readCsv('a,b\n1,2\n3\n', 't.csv')).toThrow('t.csv, row 3: expected 2 fields, got 1')
    expect(() => readCsv('a,a\n', 't.csv')).toThrow("'a' twice")
    expect(() => readCsv('a\n1\n"2', 't.csv')).toThrow('t.csv, line 3: expected a closing quote')
    expect(() => readCsv('', 't.csv')).toThrow('a header line')
  })

  it('reads back whatever writeCsv wrote', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ö') })
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field)), (rows) => {
        const columns = { left: rows.map(([left]) => left), 'right, "side"': rows.map(([, right]) => right) }
        expect(readCsv(writeCsv(columns))).toEqual(columns)
      }),
    )
  })
})

describe('requireColumns', () => {
  it('says which columns there must be', () => {
    expect(() => requireColumns({ id: [] }, ['id', 'label'], 't.csv')).toThrow(
      't.csv: expected the columns id, label, got id',
    )
  })
})

describe('writeCsv', () => {
  it('writes LF, empty for null, and float32 in as few digits as read back the same', () => {
    const columns = { id: ['a', 'b'], p: Float32Array.of(0.1, 1 / 3), n: [1, null] }
    expect(writeCsv(columns)).toBe('id,p,n\na,0.1,1\nb,0.33333334,\n')
  })

  it('writes float32 that read back as themselves', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const [text] = readCsv(writeCsv({ p: Float32Array.of(value) })).p
        expect(Math.fround(Number(text)) === value).toBe(true)
      }),
    )
  })

  it('refuses columns of several lengths', () => {
    expect(() => writeCsv({ a: [1], b: [1, 2] })).toThrow('got a 1, b 2')
  })
})

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
