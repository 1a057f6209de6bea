import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openHdf5 } from '../../src/files/index.ts'
import { hasPython, runPython } from './python.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

// Made by scripts/makeHdf5Fixtures.py: what h5py writes, in the classic and in the newest format.
const fixtures = 'fixtures/hdf5'
const inFolder = makeTemporaryFolder()

type Expected = Record<string, Record<string, { shape: number[]; values: number[] }>>

async function compareWithH5py(folder: string): Promise<number> {
  const expected: Expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'))
  let compared = 0
  for (const [name, datasets] of Object.entries(expected)) {
    const file = await openHdf5(`${folder}/${name}`)
    for (const [path, { shape, values }] of Object.entries(datasets)) {
      const where = `${name} ${path}`
      expect((await file.describe(path))?.shape, where).toEqual(shape)
      expect(await file.readNumbers(path, 100_000), where).toEqual(values)
      compared++
    }
    await file.close()
  }
  return compared
}

/** What reading each thing in the root says is wrong. */
async function problemsOf(path: string): Promise<Record<string, string>> {
  const file = await openHdf5(path)
  const problems: Record<string, string> = {}
  for (const name of await file.list('/')) {
    const values = file.readNumbers(name)
    problems[name] = await values.then(String, (cause: Error) => cause.message.slice(`${path}/`.length))
  }
  await file.close()
  return problems
}

describe('an HDF5 file of h5py', () => {
  it('gives the values that h5py reads, in every kind, layout, index and filter', async () => {
    expect(await compareWithH5py(fixtures)).toBeGreaterThan(150)
  })

  it('gives them with indexes and groups of several levels', { timeout: 120_000 }, async ({ skip }) => {
    if (!hasPython('h5py')) skip('python3-h5py is not installed')
    runPython(readFileSync('scripts/makeHdf5Fixtures.py', 'utf8'), inFolder('large'), '--large')
    expect(await compareWithH5py(inFolder('large'))).toBeGreaterThan(6000)
  })

  it('gives parts of datasets, across chunks', async () => {
    for (const version of ['earliest', 'latest']) {
      const file = await openHdf5(`${fixtures}/packed-${version}.h5`)
      for (const name of ['contiguous', 'shuffled', 'lzf', 'in chunks', 'scaled', 'big-endian']) {
        const dataset = (await file.describe(name))!
        const bytes = await file.read(dataset, { offset: [1, 1, 2], count: [2, 3, 4] })
        const expected = [0, 1].flatMap((i) =>
          [0, 1, 2].flatMap((j) => [0, 1, 2, 3].map((k) => (35 * (i + 1) + 7 * (j + 1) + k + 2) % 100)),
        )
        expect(Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, 24)), name).toEqual(expected)
        const beyond = file.read(dataset, { offset: [2, 0, 0], count: [2, 1, 1] })
        await expect(beyond).rejects.toThrow('no part (2, 1, 1) of it')
      }
      await file.close()
    }
  })

  it('lists groups with names of any script', async () => {
    for (const version of ['earliest', 'latest']) {
      const file = await openHdf5(`${fixtures}/linked-${version}.h5`)
      const names = [
        '0',
        '1',
        'hard',
        'outside',
        'shared',
        'soft',
        'there',
        'twice',
        'whole',
        'x y',
        'é',
        '日本',
      ]
      expect(await file.list('/')).toEqual(names)
      expect(await file.kindOf('there')).toBe('group')
      expect(await file.kindOf('shared')).toBe('dataset')
      expect(await file.kindOf('none')).toBeUndefined()
      await file.describe('outside/absolute')
      expect(file.otherFiles().map((path) => path.split('/').pop())).toEqual(['target.h5'])
      await file.close()
    }
  })

  it('names links that lead nowhere, values elsewhere and values never written, and gives no zeros', async () => {
    const never = 'that were never written; make the file again, or create the dataset with a fill value'
    for (const version of ['earliest', 'latest']) {
      const problems = await problemsOf(`${fixtures}/dangling-${version}.h5`)
      const expected: Record<string, string> = {
        soft: "soft: got a soft link to '/none', where nothing is; what it links to was left out or renamed",
        group: "group: got a soft link to '/none', where nothing is",
        circle: 'circle: got links that lead in a circle',
        file: "file: got values in another file, 'none.h5', which is not in its folder; put that file beside",
        inside: "inside: got an external link to '/none' in 'target.h5', where nothing is",
        above: "above: got values in another file, '../target.h5/../../x.h5', which is not in its folder",
        never: `never: got values ${never}`,
        'chunk never': `chunk never: got 1 of 2 chunks ${never}`,
        'chunks never': `chunks never: got 1 of 1 chunks ${never}`,
        'raw missing': "raw missing: got values in another file, 'none.raw', which is not in its folder",
        'raw short': "raw short: got an external file 'values.raw' that ends early",
        virtual:
          'virtual: got a virtual dataset, whose values lie in others; write its values into a dataset',
      }
      expect(Object.keys(problems).sort()).toEqual(Object.keys(expected).sort())
      for (const [name, start] of Object.entries(expected)) expect(problems[name]).toContain(start)
    }
  })

  it('names values that are no numbers', async () => {
    for (const version of ['earliest', 'latest']) {
      const hint = 'where numbers are due; write it as numbers'
      expect(await problemsOf(`${fixtures}/types-${version}.h5`)).toEqual({
        compound: `compound: got compound ${hint}`,
        'fixed text': `fixed text: got text ${hint}`,
        lists: `lists: got variable-length ${hint}`,
        long: `long: got floats of an unusual form ${hint}`,
        text: `text: got text ${hint}`,
        texts: `texts: got text ${hint}`,
      })
    }
  })

  it('reserves no memory for sizes that it cannot hold', async () => {
    for (const version of ['earliest', 'latest']) {
      const problems = await problemsOf(`${fixtures}/lying-${version}.h5`)
      const got =
        'got f32 of shape (3, 60000, 60000), which are 43200000000 bytes, in a file that cannot hold'
      expect(problems.deflated).toContain(got)
      expect(problems.plain).toContain('f32 of shape (3, 60000, 60000)')
      const file = await openHdf5(`${fixtures}/lying-${version}.h5`)
      await expect(file.readNumbers('0/metadata')).rejects.toThrow('i64 of shape (600000000)')
      await expect(file.readNumbers('0/img', 4)).rejects.toThrow('expected at most 4 numbers, got 48')
      await file.close()
    }
  })

  it('is followed into other files in its folder only', async () => {
    mkdirSync(inFolder('deep'))
    for (const name of ['linked-earliest.h5', 'target.h5'])
      copyFileSync(`${fixtures}/${name}`, inFolder('deep', name))
    const file = await openHdf5(inFolder('deep', 'linked-earliest.h5'))
    expect(await file.kindOf('there/img')).toBe('dataset')
    await file.close()
    writeFileSync(
      inFolder('deep', 'target.h5'),
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4752\n',
    )
    const again = await openHdf5(inFolder('deep', 'linked-earliest.h5'))
    await expect(again.kindOf('there/img')).rejects.toThrow(
      /target\.h5: expected an HDF5 file, got a Git LFS pointer to a file of 4752 bytes; run `git lfs pull`/,
    )
    await again.close()
  })
})

describe('what is no HDF5 file', () => {
  it('is named, with what to do', async () => {
    const whole = readFileSync(`${fixtures}/target.h5`)
    const files: Record<string, [content: string | Buffer, message: RegExp]> = {
      lfs: [
        'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n',
        /Git LFS pointer.*git lfs pull/,
      ],
      page: [
        '<!DOCTYPE html><title>Sign in</title>',
        /a web page titled 'Sign in'.*fetch it again, signed in/,
      ],
      empty: ['', /an empty file.*fetch it again/],
      gzip: [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), /a gzip archive.*gunzip/],
      short: [whole.subarray(0, 3000), /a truncated file: 3000 of its 4752 bytes.*download or copy it again/],
      shortest: [whole.subarray(0, 20), /expected an HDF5 file, got/],
    }
    for (const [name, [content, message]] of Object.entries(files)) {
      writeFileSync(inFolder(`${name}.h5`), content)
      await expect(openHdf5(inFolder(`${name}.h5`))).rejects.toThrow(message)
    }
  })
})
