// What holds for every reader: choosing one, batches, description, check.

import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError, pixels } from '../../src/base/index.ts'
import { createHdf5, encodePng } from '../../src/files/index.ts'
import {
  checkPatches,
  createChallengeFile,
  describePatches,
  openPatchSet,
  orderNames,
  type PatchSet,
  readBatches,
  selectPatches,
} from '../../src/patches/index.ts'
import { makeTemporaryFolder, noise, noiseBatch } from './fixtures.ts'

const inFolder = makeTemporaryFolder()

async function writeChallenge(name: string, count: number): Promise<string> {
  const writer = await createChallengeFile(inFolder(name), { height: 8, width: 8 })
  for (let i = 0; i < count; i++)
    writer.append({ id: String(i), image: noise(i, 8), label: i % 2, center: i % 3, slide: 7 })
  await writer.close()
  return inFolder(name)
}

describe('openPatchSet', () => {
  it('says that there is nothing, or lists the formats it knows', async () => {
    await expect(openPatchSet(inFolder('none'))).rejects.toThrow(/none: got no such file or folder/)
    mkdirSync(inFolder('empty'))
    await expect(openPatchSet(inFolder('empty'))).rejects.toThrow(
      'empty: expected patches in a known format (pcam, challenge, wilds, hcd, folder), got a folder without pictures',
    )
    writeFileSync(inFolder('set.zip'), 'PK\x03\x04')
    await expect(openPatchSet(inFolder('set.zip'))).rejects.toThrow(
      'got a zip archive; unpack it first: `unzip`',
    )
  })

  it('says of an HDF5 file that no reader knows what is wrong with it', async () => {
    writeFileSync(inFolder('junk.h5'), 'junk')
    await expect(openPatchSet(inFolder('junk.h5'))).rejects.toThrow(/junk\.h5: expected an HDF5 file/)
    const file = await createHdf5(inFolder('other.h5'))
    file.writeDataset('features', 'u8', [1], Uint8Array.of(1))
    await file.close()
    await expect(openPatchSet(inFolder('other.h5'))).rejects.toThrow(/expected groups with img \(3, H, W\)/)
  })

  it('lets the format be given, and suggests the nearest to an unknown one', async () => {
    const path = await writeChallenge('given.h5', 2)
    await expect(openPatchSet(path, { format: 'wild' })).rejects.toThrow("did you mean 'wilds'?")
    await expect(openPatchSet(path, { format: 'wilds' })).rejects.toThrow(DataError)
    expect((await openPatchSet(path, { format: 'challenge' })).count).toBe(2)
    await expect(openPatchSet(path, { part: 'train' })).rejects.toThrow(
      'expected no part, as challenge has none',
    )
  })
})

describe('readBatches', () => {
  it('yields every row once, in the order asked, the last batch being smaller', async () => {
    const set = await openPatchSet(await writeChallenge('batches.h5', 7))
    const batches = []
    for await (const batch of readBatches(set, [6, 0, 5, 1, 3], 2)) batches.push(batch)
    expect(batches.map(({ rows }) => Array.from(rows))).toEqual([[6, 0], [5, 1], [3]])
    expect(batches[1].pixels).toEqual(noiseBatch([5, 1], 8))
    await set.close()
  })

  it('yields nothing for no rows', async () => {
    const set = await openPatchSet(await writeChallenge('none.h5', 1))
    for await (const _ of readBatches(set, [], 4)) expect.unreachable()
    await set.close()
    expect(set.count).toBe(1)
  })

  it('reads one batch ahead and no more', async () => {
    const asked: number[][] = []
    const set = await openPatchSet(await writeChallenge('ahead.h5', 8))
    const watched: PatchSet = {
      ...set,
      read(rows) {
        asked.push(Array.from(rows))
        return set.read(rows)
      },
    }
    for await (const { rows } of readBatches(watched, [0, 1, 2, 3, 4, 5, 6, 7], 2)) {
      expect(asked.length).toBe(Math.min(4, rows[0] / 2 + 2))
    }
    await set.close()
  })

  it('rejects with the error of the batch it comes to, and swallows that of a batch nobody asks for', async () => {
    const set = await openPatchSet(await writeChallenge('failing.h5', 4))
    const failing: PatchSet = {
      ...set,
      read: async (rows) =>
        rows[0] >= 2 ? Promise.reject(new DataError({ where: 'row 2' })) : set.read(rows),
    }
    const reading = async () => {
      for await (const _ of readBatches(failing, [0, 1, 2, 3], 2));
    }
    await expect(reading()).rejects.toThrow('row 2')
    for await (const { rows } of readBatches(failing, [0, 1, 2, 3], 2)) {
      expect(Array.from(rows)).toEqual([0, 1])
      break
    }
    await set.close()
  })
})

describe('describePatches', () => {
  it('counts labels, centers, both together, and slides', async () => {
    const set = await openPatchSet(await writeChallenge('described.h5', 6))
    expect(await describePatches(set)).toEqual({
      source: inFolder('described.h5'),
      format: 'challenge',
      count: 6,
      size: '8x8',
      dtype: 'f32',
      storage: 'contiguous float32 CHW, 0 to 1',
      origin: 'unknown',
      layout: null,
      doubt: null,
      licence: null,
      dataset: 'Camelyon17-WILDS',
      range: expect.stringMatching(/^\d to 25\d$/),
      sampled: 6,
      parts: null,
      labels: { 0: 3, 1: 3 },
      centers: { 0: 2, 1: 2, 2: 2 },
      labelsByCenter: { '0: 0': 1, '0: 1': 1, '1: 0': 1, '1: 1': 1, '2: 0': 1, '2: 1': 1 },
      leftOut: null,
      slides: { 7: 6 },
      patients: null,
    })
    expect(await describePatches(selectPatches(set, [0, 3]))).toMatchObject({
      count: 2,
      centers: { 0: 2 },
      sampled: 2,
    })
    await set.close()
  })
})

describe('checkPatches', () => {
  it('lists every damaged patch, those that opening finds and those that only reading finds', async () => {
    const path = inFolder('damaged.h5')
    const file = await createHdf5(path)
    const images: Record<string, Float32Array> = {
      1: new Float32Array(48).fill(Number.NaN),
      4: new Float32Array(48).fill(3),
    }
    for (let i = 0; i < 6; i++) {
      file.createGroup(String(i))
      if (i !== 2)
        file.writeDataset(`${i}/img`, 'f32', [3, 4, 4], images[i] ?? new Float32Array(48).fill(0.5))
      file.writeDataset(`${i}/label`, 'i64', [], BigInt64Array.of(i === 5 ? 9n : 1n))
    }
    await file.close()
    await expect(openPatchSet(path)).rejects.toThrow(
      /damaged\.h5\/2: got no img; 1 more patches have faults; `eosin patches check`/,
    )
    const set = await openPatchSet(path, { isTolerant: true })
    const done: number[] = []
    const { checked, problems } = await checkPatches(set, (count) => done.push(count))
    expect(checked).toBe(6)
    expect(problems).toEqual([
      { id: '2', problem: 'no img' },
      { id: '5', problem: 'label 9, not 0 or 1' },
      { id: '1', problem: 'expected values in [0, 1], got NaN' },
      { id: '4', problem: 'expected values in [0, 1], got values beyond' },
    ])
    expect(done).toEqual([6])
    await set.close()
  })

  it('lists images that cannot be decoded', async () => {
    mkdirSync(inFolder('images'))
    const png = await encodePng(pixels(noise(0), 1, 96, 96))
    writeFileSync(inFolder('images', 'a.png'), png)
    writeFileSync(inFolder('images', 'b.png'), png.subarray(0, 9000))
    const { problems } = await checkPatches(await openPatchSet(inFolder('images')))
    expect(problems.map(({ id }) => id)).toEqual(['b.png'])
  })

  it('finds nothing where nothing is wrong', async () => {
    const set = await openPatchSet(await writeChallenge('sound.h5', 5))
    expect(await checkPatches(set)).toEqual({ checked: 5, problems: [], contradictions: [], copies: 0 })
    await set.close()
  })
})

describe('orderNames', () => {
  it('puts numbers first, by value, and other names by code units', () => {
    expect(orderNames(['10', 'b', '9', '0', 'a', '100'])).toEqual(['0', '9', '10', '100', 'a', 'b'])
  })
})
