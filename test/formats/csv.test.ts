import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCsv, requireColumns, writeCsv } from '../../src/formats/index.ts'

describe('readCsv', () => {
  it('reads quotes, commas, line breaks, CRLF and a byte order mark', () => {
    const text = '\uFEFFid,note\r\n1,"a, ""b""\nc"\r\n2,\r\n'
    expect(readCsv(text)).toEqual({ id: ['1', '2'], note: ['a, "b"\nc', ''] })
  })

  it('reads semicolons and tabs between fields, as the header has them', () => {
    const columns = { id: ['1', '2'], note: ['a,b', 'c;d'], x: ['0,5', '1'] }
    expect(readCsv('id;note;x\r\n1;a,b;0,5\r\n2;"c;d";1\r\n')).toEqual(columns)
    expect(readCsv('id\tnote\tx\n1\ta,b\t0,5\n2\tc;d\t1\n')).toEqual(columns)
    expect(readCsv('sep=;\r\nid;note;x\r\n1;a,b;0,5\r\n2;"c;d";1\r\n')).toEqual(columns)
    expect(readCsv('"a;b;c",d\n1,2\n')).toEqual({ 'a;b;c': ['1'], d: ['2'] })
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
    const units = ['a', ',', ';', '\t', '"', "'", '=', '+', '-', '@', '1', '\n', '\r', ' ', 'ö'] as const
    const field = fc.string({ unit: fc.constantFrom(...units) })
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field)), (rows) => {
        const columns = {
          '=left;': rows.map(([left]) => left),
          'right, "side"': rows.map(([, right]) => right),
        }
        expect(readCsv(writeCsv(columns))).toEqual(columns)
      }),
    )
  })
})

describe('requireColumns', () => {
  it('says which columns there must be', () => {
    expect(() => requireColumns({ id: [] }, ['id', 'label'], 't.csv')).toThrow(
      't.csv: expected the columns id, label, got id; the first line of the file must name its columns',
    )
  })

  it('takes capitals and blanks for what they are', () => {
    const table = { ID: ['1'], ' Label ': ['0'], other: ['x'] }
    expect(requireColumns(table, ['id', 'label'], 't.csv')).toEqual({ id: ['1'], label: ['0'] })
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

  it('writes no cell that a spreadsheet would run, and leaves numbers as they are', () => {
    const id = ['=cmd|x', '+1+1', '-2', '@SUM(A1)', '\t=1', "'=a", "'a", '+.5e3', '-']
    expect(writeCsv({ '=id': id, p: [-1, 2, 3, 4, 5, 6, 7, 8, 9] })).toBe(
      "'=id,p\n'=cmd|x,-1\n'+1+1,2\n-2,3\n'@SUM(A1),4\n\"'\t=1\",5\n''=a,6\n'a,7\n+.5e3,8\n'-,9\n",
    )
    expect(readCsv(writeCsv({ id })).id).toEqual(id)
  })

  it('refuses columns of several lengths', () => {
    expect(() => writeCsv({ a: [1], b: [1, 2] })).toThrow('got a 1, b 2')
  })
})
