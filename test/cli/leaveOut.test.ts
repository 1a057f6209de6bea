// eosin classify --leave-out as a user calls it: the tables that it takes, what it prints and writes, and one line for each
// thing that cannot be.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRandom, pixels } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { writeCsv, writeNpy, writeParquet } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'
import { writeEmbedded } from '../study/embeddedRows.ts'
import { describeHospitals, listDimensions, makeHospitals } from '../study/hospitals.ts'
import { killWhen } from './killing.ts'
import { runCli } from './runCli.ts'

const at = makeTemporaryFolder()
const four = makeHospitals(['0', '1', '3', '4'])
const { ids, labels, centers, slides } = four
const dimensions = listDimensions(four)
const known = { id: ids, label: labels, center: centers, slide: slides }
writeFileSync(at('x.npy'), writeNpy(four.x))
writeFileSync(at('known.csv'), describeHospitals(four, ['patient']))
writeFileSync(at('whole.csv'), writeCsv({ ...known, ...dimensions }))
writeFileSync(at('whole.parquet'), writeParquet({ ...known, ...dimensions }))
writeFileSync(
  at('bare.csv'),
  writeCsv({ id: ids.toReversed(), ...mapValues((column) => column.toReversed()) }),
)

function mapValues(change: (column: Float32Array) => Float32Array) {
  return Object.fromEntries(Object.entries(dimensions).map(([name, column]) => [name, change(column)]))
}

let runs = 0
async function classify(table: string, ...more: string[]) {
  const out = at(`out${runs++}`)
  const head = more.includes('--head') ? [] : ['--head', 'logistic']
  const result = await runCli(['classify', at(table), '--out', out, ...head, ...more])
  return { ...result, out }
}

describe('a table', () => {
  it.each([
    ['x.npy', '--labels', at('known.csv')],
    ['whole.csv'],
    ['whole.parquet'],
    ['bare.csv', '--labels', at('known.csv')],
  ])('may be %s, and says the same', async (table, ...more) => {
    const { code, stdout, stderr, out } = await classify(table, ...more, '--leave-out', 'center', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const { cells, parts } = JSON.parse(stdout)
    expect(parts.map(({ name }: { name: string }) => name)).toEqual(['0', '1', '3', '4'])
    const reference = await classify('whole.csv', '--leave-out', 'center', '--json')
    expect(cells).toEqual(JSON.parse(reference.stdout).cells)
    const evaluated = await runCli(['evaluate', `${out}/predictions.csv`, '--json'])
    expect(JSON.parse(evaluated.stdout).accuracy).toEqual(cells[0].together.accuracy)
  })

  it('may be what eosin embed wrote', async () => {
    writeEmbedded(at('embedded'))
    const { code, stdout } = await classify('embedded', '--leave-out', 'slide')
    expect(code).toBe(0)
    expect(stdout).toContain('embedded: 80 patches, 40 tumour; 5 slides, each slide left out in turn')
    expect(stdout).toMatch(/mean of 5 +\d+\.\d ± \d+\.\d +\d\.\d{3} ± \d\.\d{3}/)
  })

  it('knows patients where the patches that were embedded have them', async () => {
    const random = openRandom(2, 'pictures')
    for (let i = 0; i < 24; i++) {
      const place = at('pictures', `hospital${i % 2}`, `patient${i >> 3}`, String((i >> 1) % 2))
      mkdirSync(place, { recursive: true })
      const data = Uint8Array.from({ length: 32 * 32 * 3 }, () => 60 + random.integer(120))
      writeFileSync(join(place, `${i}.png`), await encodePng(pixels(data, 1, 32, 32)))
    }
    const embed = await runCli([
      'embed',
      at('pictures'),
      '--folders',
      'center/patient/label',
      '--out',
      at('embedding'),
    ])
    expect(embed.stderr).toBe('')
    expect(readFileSync(at('embedding', 'patches.csv'), 'utf8')).toMatch(/^id,center,slide,patient,label\n/)
    const { code, stdout } = await classify(
      'embedding',
      '--leave-out',
      'patient',
      '--head',
      'knn',
      '--set',
      'k=3',
    )
    expect(code).toBe(0)
    expect(stdout).toContain('24 patches, 12 tumour; 6 patients, each patient left out in turn')
  })

  it('gives a comparison of several heads, and how to evaluate one further', async () => {
    const { code, stdout, out } = await classify(
      'whole.csv',
      '--leave-out',
      'center',
      '--head',
      'knn',
      '--adapt',
      'none',
      'center',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^compared +mean log-loss +behind ± SE +p \(Holm\)/m)
    expect(stdout).toMatch(/^chosen: /m)
    expect(stdout).toContain('Transductive: unlabelled patches of the center that is predicted')
    const column = /--column (\S+)/.exec(stdout)![1]
    expect((await runCli(['evaluate', `${out}/predictions.csv`, '--column', column])).code).toBe(0)
  })
})

// [files that are written, what is typed, the exit code, what is said]
const wide = { ...known, ...dimensions }
const faults: readonly (readonly [string, string, string, 1 | 2, RegExp])[] = [
  [
    'one',
    writeCsv({ ...wide, center: centers.map(() => '0') }),
    '--leave-out center',
    2,
    /--leave-out center: expected at least three centers: .*, got one \(0\)$/,
  ],
  [
    'two',
    writeCsv({ ...wide, center: centers.map((name) => (name === '0' ? '0' : '1')) }),
    '--leave-out center',
    2,
    /got two \(0, 1\)$/,
  ],
  [
    'whole',
    '',
    '--leave-out patient',
    2,
    /whole.csv: expected a patient for every patch, since patients are to be left out, got none; name them in a column patient/,
  ],
  [
    'some',
    writeCsv({ ...wide, patient: ids.map((_, i) => (i < 5 ? '' : `${i % 9}`)) }),
    '--leave-out patient',
    2,
    /got none for 5 of 160;/,
  ],
  [
    'single',
    writeCsv({ ...wide, label: labels.map((y, i) => (centers[i] === '0' ? y : 1)) }),
    '--leave-out center',
    2,
    /0 held out: expected tumour and normal patches in another part.*1: 40 tumour, 0 normal/,
  ],
  [
    'whole',
    '',
    '--leave-out slide --folds 99',
    2,
    /option --folds: expected at most 16, the number of slides, got 99$/,
  ],
  [
    'whole',
    '',
    '--leave-out center --head logistic mlp --set epochs=1',
    2,
    /--set: expected one head, got logistic, mlp; name presets as in mlp:paper/,
  ],
  [
    'whole',
    '',
    '--leave-out center --adapt group-dro',
    2,
    /--adapt group-dro: expected a head that can be trained so \(mlp\), got logistic$/,
  ],
  ['whole', '', '--folds 4', 2, /TABLE: expected --leave-out, got a call without it$/],
  ['whole', '', '--leave-out center --val x', 2, /--val: expected no --leave-out/],
  [
    'x.npy',
    '',
    '--leave-out center',
    2,
    /x.npy: expected --labels, a table with a row for each of the matrix, got a matrix alone$/,
  ],
  ['bare', '', '--leave-out center', 1, /bare.csv: expected a column label, got id, probability$/],
  [
    'text',
    writeCsv({ ...wide, f1: ids }),
    '--leave-out center',
    1,
    /text.csv column 'f1', row 2: expected a number, got 'p0'; every column but id, label/,
  ],
  [
    'index',
    writeCsv({ 'Unnamed: 0': ids.map((_, i) => i), ...wide }),
    '--leave-out center',
    1,
    /column 'Unnamed: 0': expected a dimension .* row numbers/,
  ],
  [
    'target',
    writeCsv({ ...wide, target: labels }),
    '--leave-out center',
    1,
    /column 'target': expected a dimension of the embedding, got the label of every row; remove/,
  ],
  [
    'twice',
    writeCsv({ ...wide, id: ids.map(() => 'p1') }),
    '--leave-out center',
    1,
    /twice.csv: expected each id once, got id p1 twice$/,
  ],
  [
    'nan',
    writeCsv({ ...wide, f2: ids.map((_, i) => (i === 3 ? 1e300 : 0)) }),
    '--leave-out center',
    1,
    /dimension 2: expected a finite number, got Infinity/,
  ],
  [
    'label',
    writeCsv({ ...wide, label: ids.map((_, i) => (i === 0 ? '' : '1')) }),
    '--leave-out center',
    1,
    /label.csv id p0: expected label 0 or 1, got ''$/,
  ],
]

describe('what cannot be', () => {
  it.each(faults)('%s.csv, %#', async (name, content, typed, code, said) => {
    const file = name.includes('.') ? name : `${name}.csv`
    if (content) writeFileSync(at(file), content)
    const out = at(`none${runs++}`)
    const args = [
      'classify',
      at(file),
      ...(typed.includes('--head') ? [] : ['--head', 'logistic']),
      ...typed.split(' '),
      '--out',
      out,
    ]
    const result = await runCli(args)
    expect(result.stderr.trim()).toMatch(said)
    expect([result.code, result.stdout, result.stderr.trim().split('\n').length]).toEqual([code, '', 1])
    expect(existsSync(out)).toBe(false)
  })

  it('is a folder that holds something else, unless it may be replaced', async () => {
    const first = await classify('whole.csv', '--leave-out', 'center')
    const again = (...more: string[]) =>
      runCli([
        'classify',
        at('whole.csv'),
        '--out',
        first.out,
        '--head',
        'knn',
        '--leave-out',
        'center',
        ...more,
      ])
    const refused = await again()
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain(
      'got a folder with something else in it; give --overwrite or another --out',
    )
    expect((await again('--overwrite')).code).toBe(0)
    expect(JSON.parse(readFileSync(`${first.out}/leave-out.json`, 'utf8')).cells[0].id).toBe('knn')
    expect(readdirSync(first.out).sort()).toEqual(['leave-out.json', 'predictions.csv'])
  })
})

it('goes on where it was killed, to the same bytes', async () => {
  const args = [
    'classify',
    at('whole.csv'),
    '--leave-out',
    'center',
    '--head',
    'mlp',
    '--set',
    'epochs=30',
    'patience=30',
    'hidden=[64]',
    '--out',
  ]
  const held = at('killed.work', 'held')
  const isReached = () =>
    existsSync(held) && readdirSync(held).some((name) => name.startsWith('cell-0-fold-1'))
  expect(await killWhen([...args, at('killed')], isReached)).toBe(true)
  expect(existsSync(at('killed'))).toBe(false)
  expect((await runCli([...args, at('killed')])).code).toBe(0)
  expect((await runCli([...args, at('unkilled')])).code).toBe(0)
  for (const file of ['predictions.csv', 'leave-out.json'])
    expect(readFileSync(at('killed', file), 'utf8')).toBe(readFileSync(at('unkilled', file), 'utf8'))
})
