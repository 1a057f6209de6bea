// eosin classify on folders of embeddings: which two it takes together, what it reads, and that its folder is whole.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type NdArray, ndarray } from '../../src/base/index.ts'
import { writeNpy } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'
import { writeEmbedded } from '../study/embeddedRows.ts'
import { runCli } from './runCli.ts'

const at = makeTemporaryFolder()
writeEmbedded(at('train'))
writeEmbedded(at('val'))

function classify(val: string, ...more: string[]) {
  return runCli(
    ['classify', '--train', at('train'), '--val', at(val), '--head', 'logistic', '--out', at('head')].concat(
      more,
    ),
  )
}

async function expectRefused(val: string, message: string) {
  const { code, stderr } = await classify(val)
  expect(stderr).toContain(message)
  expect([code, stderr.trim().split('\n').length, existsSync(at('head'))]).toEqual([1, 1, false])
}

describe('the two folders of eosin classify', () => {
  it.each([
    [
      { extractor: 'dinov2-small' },
      'expected extractor texture, as',
      'got dinov2-small; embed both with the same',
    ],
    [
      { extractorKey: 'b'.repeat(64) },
      'expected extractor texture with the key aaaaaaaaaaaa, as',
      'got bbbbbbbbbbbb',
    ],
    [{ stain: 'macenko' }, 'expected stain none, as', 'got macenko; embed both with the same --stain'],
    [{ fallback: 'none' }, 'expected fallback slide, as', 'got none'],
    [{ fit: { white: 240 } }, 'expected the fit of none on the same reference', 'got another fit'],
  ])('are refused where one has %o', async (manifest, expected, got) => {
    writeEmbedded(at('other'), manifest)
    await expectRefused('other', `${at('other')}: ${expected}`)
    await expectRefused('other', got)
  })

  it('are refused where they hold the same patches', async () => {
    await expectRefused('train', `expected other patches than those of ${at('train')}, got the same`)
  })

  it('are refused without a manifest, or with that of an older Eosin', async () => {
    writeEmbedded(at('other'), { table: undefined })
    await expectRefused(
      'other',
      'manifest.json: expected the hash of patches.csv, got none, as an older Eosin',
    )
    rmSync(at('other', 'manifest.json'))
    await expectRefused(
      'other',
      'other: expected manifest.json, which eosin embed writes beside the embeddings',
    )
  })

  it('are refused where the table has changed, if only in its order', async () => {
    writeEmbedded(at('other'))
    const [head, ...rows] = readFileSync(at('other', 'patches.csv'), 'utf8').trim().split('\n')
    writeFileSync(at('other', 'patches.csv'), `${[head, ...rows.reverse()].join('\n')}\n`)
    await expectRefused(
      'other',
      'patches.csv: expected the table that was written with embeddings.npy, got another',
    )
    const { code, stderr } = await runCli(['evaluate', at('other')])
    expect(code).toBe(1)
    expect(stderr).toContain('patches.csv: expected the table that was written')
    writeFileSync(at('other', 'patches.csv'), `${[head, ...rows.slice(1)].join('\n')}\n`)
    await expectRefused('other', 'patches.csv: expected 80 rows, as embeddings.npy has, got 79')
  })
})

describe('the numbers of eosin classify', () => {
  it('may be of another dtype, and are refused in a line where they are none', async () => {
    const widen = (x: NdArray<'f32'>) => writeNpy(ndarray('f64', x.shape, Float64Array.from(x.data)))
    writeEmbedded(at('wide'), {}, widen)
    const { code, stdout } = await classify('wide', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout).evaluation.accuracy.value).toBeGreaterThan(0.8)
    rmSync(at('head'), { recursive: true })
    const complex = (x: NdArray<'f32'>) =>
      Buffer.from(Buffer.from(writeNpy(x)).toString('latin1').replace('<f4', '<c8'), 'latin1')
    writeEmbedded(at('complex'), {}, complex)
    await expectRefused('complex', 'embeddings.npy: expected numbers (f2, f4, f8')
  })
})

describe('the folder of eosin classify', () => {
  const args = [
    'classify',
    '--train',
    at('train'),
    '--val',
    at('val'),
    '--head',
    'logistic',
    '--out',
    at('whole'),
  ]
  const files = ['head.json', 'head.onnx', 'head.safetensors', 'predictions.csv']

  // A limit of one block for each file: the files of the head fit, predictions.csv does not.
  it.skipIf(process.platform === 'win32')('is there whole or not at all', async () => {
    const command = [process.execPath, 'dist/cli/main.js', ...args].join(' ')
    const { status, stderr } = spawnSync('bash', ['-c', `ulimit -f 1; ${command}`], { encoding: 'utf8' })
    expect(stderr).toMatch(/^eosin: .*got.*large/)
    expect(status).toBe(1)
    expect(readdirSync(at()).filter((name) => name.startsWith('whole'))).toEqual([])
    expect(await runCli(args)).toMatchObject({ code: 0 })
    expect(readdirSync(at('whole')).sort()).toEqual(files)
  })

  it('is replaced with --overwrite where it is a head, and never what somebody else put there', async () => {
    expect((await runCli(args)).code).toBe(2)
    expect((await runCli([...args, '--overwrite'])).code).toBe(0)
    writeFileSync(at('whole', 'notes.md'), 'mine')
    const { code, stderr } = await runCli([...args, '--overwrite'])
    expect(code).toBe(2)
    expect(stderr).toContain('got one that holds notes.md; nothing was removed')
    expect(readdirSync(at('whole')).sort()).toEqual([...files, 'notes.md'].sort())
  })
})
