// What a user who errs sees: one clear line, the right exit code, and nothing half-written.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-bad-'))
const data = join(folder, 'data')

interface Parts {
  readonly train?: string
  readonly val?: string
  readonly test?: string
  readonly more?: string
}

async function runRecipe(
  { train = 'data/train.h5', val = 'data/val.h5', test = 'data/test.h5', more = '' }: Parts,
  out = 'runs',
) {
  const path = join(folder, 'recipe.yaml')
  writeFileSync(
    path,
    `name: bad
seeds: 1
data:
  train: { path: ${train} }
  val: { path: ${val} }
  test: { path: ${test} }
stain: [none]
embed: [texture]
classify: [{ head: mlp, epochs: 2 }]
${more}`,
  )
  return runCli(['study', 'run', path, '--out', join(folder, out)])
}

// Exactly one line that begins with eosin:, no stack.
function expectOneLine(stderr: string, ...said: string[]): void {
  const lines = stderr.split('\n').filter((line) => line.startsWith('eosin:'))
  expect(lines).toHaveLength(1)
  for (const text of said) expect(lines[0]).toContain(text)
  expect(stderr).not.toContain('defect of Eosin')
}

beforeAll(async () => {
  const made = await runCli(['patches', 'make', data, '--train', '60', '--val', '30', '--test', '30'])
  expect(made.code).toBe(0)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the command line', () => {
  it('exits with 2 and suggests on an unknown command', async () => {
    const { code, stderr } = await runCli(['patchs'])
    expect(code).toBe(2)
    expect(stderr).toContain('patches')
  })

  it('exits with 2 on a value out of range', async () => {
    const { code, stderr } = await runCli(['patches', 'make', join(folder, 'x'), '--aberrant', '3'])
    expect(code).toBe(2)
    expect(stderr).toContain('a number from 0 to 1')
    expect(existsSync(join(folder, 'x'))).toBe(false)
  })

  it('exits with 2 where a recipe is not there', async () => {
    const { code, stderr } = await runCli(['study', 'run', join(folder, 'nowhere.yaml')])
    expect(code).toBe(2)
    expectOneLine(stderr, 'nowhere.yaml')
  })

  it('does not overwrite unless told to', async () => {
    const { code, stderr } = await runCli(['patches', 'make', data])
    expect(code).toBe(2)
    expectOneLine(stderr, '--overwrite')
  })

  it('says in its help how each command is used', async () => {
    for (const args of [['patches', 'info'], ['study', 'run'], ['predict'], ['demo'], ['embed']]) {
      const { code, stdout } = await runCli([...args, '--help'])
      expect(code).toBe(0)
      expect(stdout).toContain('Examples:')
    }
  })
})

describe('a study', () => {
  it('names a patch file that is missing', async () => {
    const { code, stderr } = await runRecipe({ train: 'data/none.h5' })
    expect(code).toBe(1)
    expectOneLine(stderr, 'none.h5')
  })

  it('names a file that is no HDF5', async () => {
    writeFileSync(join(folder, 'text.h5'), 'not HDF5 at all')
    const { code, stderr } = await runRecipe({ train: 'text.h5' })
    expect(code).toBe(1)
    expectOneLine(stderr, 'text.h5')
  })

  it('names a file that was cut short', async () => {
    const whole = readFileSync(join(data, 'train.h5'))
    writeFileSync(join(folder, 'short.h5'), whole.subarray(0, whole.length >> 1))
    const { code, stderr } = await runRecipe({ train: 'short.h5' })
    expect(code).toBe(1)
    expectOneLine(stderr, 'short.h5')
  })

  it('refuses a test center that training has seen', async () => {
    const { code, stderr } = await runRecipe({ test: 'data/train.h5, centers: [0]' })
    expect(code).toBe(2)
    expectOneLine(stderr, 'a test center that train does not hold', 'center 0 in both')
  })

  it('refuses a center that is not there', async () => {
    const { code, stderr } = await runRecipe({ train: 'data/train.h5, centers: [9]' })
    expect(code).toBe(2)
    expectOneLine(stderr, 'data.train.centers', 'got 9')
  })

  it('refuses a training split of a single class', async () => {
    mkdirSync(join(folder, 'one', 'a', '1'), { recursive: true })
    const apply = [
      'stain',
      'fit',
      join(data, 'train.h5'),
      '--method',
      'grayscale', // other pixels than those of val
      '--out',
      join(folder, 'gray.json'),
    ]
    expect((await runCli(apply)).code).toBe(0)
    const pngs = join(folder, 'pngs')
    expect(
      (
        await runCli([
          'stain',
          'apply',
          join(data, 'val.h5'),
          '--fit',
          join(folder, 'gray.json'),
          '--out',
          pngs,
        ])
      ).code,
    ).toBe(0)
    for (const file of readdirSync(pngs).slice(0, 12)) {
      writeFileSync(join(folder, 'one', 'a', '1', file), readFileSync(join(pngs, file)))
    }
    const { code, stderr } = await runRecipe({ train: 'one', more: 'quality: none\n' })
    expect(code).toBe(1)
    expectOneLine(stderr, 'train', 'tumour and normal patches', 'all tumour')
  })

  it('says which rule emptied a split', async () => {
    const { code, stderr } = await runRecipe({ more: 'quality: { white: { level: 0, share: 0 } }\n' })
    expect(code).toBe(1)
    expectOneLine(stderr, 'patches that pass the quality filter', 'loosen the rules')
  })

  it('says what to do where the output folder cannot be written', async () => {
    writeFileSync(join(folder, 'a-file'), '')
    const { code, stderr } = await runRecipe({}, 'a-file')
    expect(code).toBe(1)
    expectOneLine(stderr, 'choose another --out')
  })
})

describe('a full disk', () => {
  const small = join(folder, 'small-disk')
  const mounted = mountSmallDisk(small)
  afterAll(() => {
    if (mounted) execFileSync('umount', [small])
  })

  it.skipIf(!mounted)(
    'stops a study with a clear line and leaves nothing half-written (skipped where tmpfs cannot be mounted)',
    async () => {
      const { code, stderr } = await runRecipe({}, 'small-disk')
      expect(code).toBe(1)
      expectOneLine(stderr, 'disk is full')
      const left = readdirSync(small, { recursive: true, encoding: 'utf8' })
      expect(left.filter((file) => file.endsWith('.tmp'))).toEqual([])
      expect(existsSync(join(small, 'bad', 'metrics.json'))).toBe(false)
    },
  )
})

function mountSmallDisk(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
