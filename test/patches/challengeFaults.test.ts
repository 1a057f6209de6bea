import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createHdf5 } from '../../src/files/index.ts'
import { checkPatches, describePatches, openPatchSet } from '../../src/patches/index.ts'
import { makeTemporaryFolder } from './fixtures.ts'

// Made by scripts/makeHdf5Fixtures.py, in the classic and in the newest format.
const fixtures = 'fixtures/hdf5'
const inFolder = makeTemporaryFolder()

describe('a challenge file of h5py', () => {
  it('may link its images, name groups in any script, hold booleans as labels and keep other things', async () => {
    expect(existsSync(fixtures)).toBe(true)
    for (const version of ['earliest', 'latest']) {
      const set = await openPatchSet(`${fixtures}/odd-${version}.h5`)
      expect(set.ids).toEqual(['0', '1', '2', '10', 'é'])
      expect(set.labels).toEqual(Uint8Array.of(0, 1, 0, 1, 0))
      expect(set.centers).toEqual(['3', '3', '3', '3', '3'])
      expect(set.slides).toEqual(['20', '21', '22', '23', '24'])
      // Each image is one more than the last, but for the first two, which are one.
      const { data } = await set.read([0, 1, 2, 3, 4])
      expect([0, 1, 2, 3, 4].map((row) => data[row * 48])).toEqual([0, 0, 2, 3, 4])
      expect(set.files.map((file) => file.split('/').pop())).toEqual([`odd-${version}.h5`, 'target.h5'])
      expect((await describePatches(set)).leftOut).toEqual({
        "'mean', a dataset beside the groups": 1,
        "'shared', a named type beside the groups": 1,
      })
      await set.close()
    }
  })

  it('has each of its faults listed by patches check, however many there are', async () => {
    for (const version of ['earliest', 'latest']) {
      const set = await openPatchSet(`${fixtures}/faulty-${version}.h5`, { isTolerant: true })
      const { checked, problems } = await checkPatches(set)
      expect(checked).toBe(16)
      expect(Object.fromEntries(problems.map(({ id, problem }) => [id, problem]))).toEqual({
        'center NaN': 'center NaN, not a whole number',
        'center half': 'center 1.5, not a whole number',
        'center below': 'center -1, not a whole number',
        'no metadata': 'no center where others have one',
        'compound metadata': 'metadata: compound where numbers are due',
        'text label': 'label: text where numbers are due',
        'img never': 'values that were never written',
        'chunk never': '2 of 3 chunks that were never written',
        'img raw': "img: values in another file, 'none.raw', which is not in its folder",
        'img dangling': "img: a soft link to '/none', where nothing is",
        'img outside': "img: values in another file, '/elsewhere/none.h5', which is not in its folder",
        'img virtual': 'img: a virtual dataset, whose values lie in others',
        'img damaged': expect.stringContaining('a chunk that cannot be inflated'),
        'group dangling': "a soft link to '/none', where nothing is",
      })
      await set.close()
      await expect(openPatchSet(`${fixtures}/faulty-${version}.h5`)).rejects.toThrow(
        /group dangling: got a soft link to '\/none'.*10 more patches have faults; `eosin patches check` lists/,
      )
    }
  })

  it('is refused where its sizes lie, without memory for them', async () => {
    for (const version of ['earliest', 'latest']) {
      const set = await openPatchSet(`${fixtures}/lying-${version}.h5`, { isTolerant: true })
      const { problems } = await checkPatches(set)
      expect(problems.find(({ id }) => id === '1')?.problem).toContain('f32 of shape (3, 60000, 60000)')
      expect(problems.find(({ id }) => id === '0')?.problem).toContain('i64 of shape (600000000)')
      await set.close()
    }
  })
})

describe('an image of no pixels', () => {
  it('is a fault', async () => {
    const file = await createHdf5(inFolder('nothing.h5'))
    file.createGroup('0')
    file.writeDataset('0/img', 'u8', [3, 0, 4], new Uint8Array(0))
    await file.close()
    await expect(openPatchSet(inFolder('nothing.h5'))).rejects.toThrow(
      'img of shape (3, 0, 4), not (3, H, W)',
    )
  })
})

describe('a file in the place of train.h5', () => {
  it('is named, with what to do', async () => {
    writeFileSync(
      inFolder('train.h5'),
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90000\n',
    )
    await expect(openPatchSet(inFolder('train.h5'))).rejects.toThrow(
      /train\.h5: expected an HDF5 file, got a Git LFS pointer to a file of 90000 bytes; run `git lfs pull`/,
    )
  })
})
