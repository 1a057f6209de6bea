import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { createHdf5 } from '../../src/files/index.ts'
import { checkPatches, describePatches, openPatchSet } from '../../src/patches/index.ts'
import { makeTemporaryFolder, noise, noiseBatch } from './fixtures.ts'

const inFolder = makeTemporaryFolder()
const { XDG_CACHE_HOME } = process.env
process.env.XDG_CACHE_HOME = inFolder('cache')
afterAll(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME
})

/** Writes one part with patches `first`, `first` + 1 ... labelled by parity. */
async function writePart(
  root: string,
  part: string,
  first: number,
  count: number,
  chunkRows?: number,
): Promise<string> {
  mkdirSync(root, { recursive: true })
  const stem = `${root}/camelyonpatch_level_2_split_${part}`
  const x = await createHdf5(`${stem}_x.h5`)
  const seeds = Array.from({ length: count }, (_, i) => first + i)
  const storage = chunkRows ? { chunks: [chunkRows, 96, 96, 3], deflate: 1 } : {}
  x.writeDataset('x', 'u8', [count, 96, 96, 3], noiseBatch(seeds).data, storage)
  await x.close()
  const y = await createHdf5(`${stem}_y.h5`)
  y.writeDataset(
    'y',
    'u8',
    [count, 1, 1, 1],
    Uint8Array.from(seeds, (seed) => seed % 2),
  )
  await y.close()
  const lines = seeds.map(
    (seed, i) => `${i},10,20,${seed % 2 === 1},${seed % 2 === 1},camelyon16_train_normal_00${seed % 3}`,
  )
  writeFileSync(
    `${stem}_meta.csv`,
    `,coord_y,coord_x,tumor_patch,center_tumor_patch,wsi\n${lines.join('\n')}\n`,
  )
  return `${stem}_x.h5`
}

describe('the PatchCamelyon reader', () => {
  it('reads one x file with its labels and slides', async () => {
    const path = await writePart(inFolder('one'), 'valid', 0, 6, 2)
    const set = await openPatchSet(path)
    expect(await describePatches(set)).toMatchObject({
      format: 'pcam',
      count: 6,
      parts: { valid: 6 },
      labels: { 0: 3, 1: 3 },
      centers: null,
      slides: {
        camelyon16_train_normal_000: 2,
        camelyon16_train_normal_001: 2,
        camelyon16_train_normal_002: 2,
      },
      storage: 'chunked (2, 96, 96, 3) deflate uint8 NHWC',
      range: '0 to 255',
    })
    expect(await set.read([5, 0, 3, 0])).toEqual(noiseBatch([5, 0, 3, 0]))
    await expect(set.read([6])).rejects.toThrow('expected rows below 6, got 6')
    await set.close()
  })

  it('joins the parts of a folder, or opens one', async () => {
    const root = inFolder('folder')
    await writePart(root, 'train', 0, 5)
    await writePart(root, 'test', 10, 3, 3)
    const whole = await openPatchSet(root)
    expect([whole.count, whole.parts]).toEqual([8, { train: 5, test: 3 }])
    expect(whole.ids.slice(3, 7)).toEqual(['train/3', 'train/4', 'test/0', 'test/1'])
    expect(whole.labels).toEqual(Uint8Array.of(0, 1, 0, 1, 0, 0, 1, 0))
    expect(await whole.read([7, 1, 5, 4])).toEqual(noiseBatch([12, 1, 10, 4]))
    await whole.close()
    const test = await openPatchSet(root, { part: 'test' })
    expect([test.ids, test.storage]).toEqual([['0', '1', '2'], 'chunked (3, 96, 96, 3) deflate uint8 NHWC'])
    await test.close()
    await expect(openPatchSet(root, { part: 'valid' })).rejects.toThrow('expected one of train, test')
  })

  it('unpacks .h5.gz into the cache, once', async () => {
    const root = inFolder('packed')
    for (const kind of ['x', 'y']) {
      await writePart(root, 'train', 0, 4)
      const path = `${root}/camelyonpatch_level_2_split_train_${kind}.h5`
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 1 }))
    }
    for (const kind of ['x', 'y']) rmSync(`${root}/camelyonpatch_level_2_split_train_${kind}.h5`)
    const made: number[] = []
    await setTimeout(2100) // a file that was just written may change again unseen, and is unpacked each time
    for (let time = 0; time < 2; time++) {
      const set = await openPatchSet(root)
      expect([set.format, set.labels]).toEqual(['pcam', Uint8Array.of(0, 1, 0, 1)])
      expect(await set.read([3])).toEqual(noiseBatch([3]))
      await set.close()
      const unpacked = inFolder('cache', 'eosin', 'unpacked')
      made.push(...readdirSync(unpacked).map((name) => statSync(`${unpacked}/${name}`).ino))
    }
    expect(made.length).toBe(4)
    expect(new Set(made).size).toBe(2)
  })

  it('unpacks .h5.gz again where it was changed in place to as many bytes and dated back', async () => {
    const path = `${inFolder('repacked')}/camelyonpatch_level_2_split_train_y.h5`
    const pack = async (first: number) => {
      await writePart(inFolder('repacked'), 'train', first, 4)
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 0 }))
      rmSync(path)
      utimesSync(`${path}.gz`, 1_700_000_000, 1_700_000_000)
      const { size } = statSync(`${path}.gz`)
      const set = await openPatchSet(inFolder('repacked'))
      await set.close()
      return [size, ...set.labels!]
    }
    const [size, ...labels] = await pack(0)
    expect(labels).toEqual([0, 1, 0, 1])
    expect(await pack(1)).toEqual([size, 1, 0, 1, 0])
  })

  it('says what is wrong with a damaged .gz, another shape, and labels that do not fit', async () => {
    const root = inFolder('odd')
    mkdirSync(root)
    const packed = `${root}/camelyonpatch_level_2_split_train_x.h5.gz`
    writeFileSync(packed, gzipSync(noise(0)).subarray(0, 1000))
    await expect(openPatchSet(root)).rejects.toThrow(/train_x\.h5\.gz: expected a whole gzip file/)
    writeFileSync(packed, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4000\n')
    await expect(openPatchSet(root)).rejects.toThrow(
      /train_x\.h5\.gz: .* got a Git LFS pointer .*git lfs pull/,
    )
    rmSync(packed)
    const x = await createHdf5(`${root}/camelyonpatch_level_2_split_train_x.h5`)
    x.writeDataset('x', 'u8', [2, 3, 96, 96], noiseBatch([0, 1]).data)
    await x.close()
    await expect(openPatchSet(root)).rejects.toThrow(/expected u8 \(N, H, W, 3\), got u8 \(2, 3, 96, 96\)/)
    const path = await writePart(inFolder('labels'), 'train', 0, 4)
    const y = await createHdf5(path.replace('_x.h5', '_y.h5'))
    y.writeDataset('y', 'u8', [4, 1, 1, 1], Uint8Array.of(0, 1, 5, 1))
    await y.close()
    await expect(openPatchSet(path)).rejects.toThrow(/train_x\.h5\/2: got label 5, not 0 or 1/)
  })
})

describe('a PatchCamelyon file of which one patch was never written', () => {
  it('is refused, and has that patch listed by patches check', async () => {
    for (const version of ['earliest', 'latest']) {
      const folder = `fixtures/hdf5/pcam-${version}` // made by scripts/makeHdf5Fixtures.py
      await expect(openPatchSet(folder)).rejects.toThrow('x: got 1 of 4 chunks that were never written')
      const set = await openPatchSet(folder, { isTolerant: true })
      expect(set.labels).toEqual(Uint8Array.of(1, 0, 1, 0))
      expect((await set.read([3, 0])).data.subarray(190, 194)).toEqual(Uint8Array.of(93, 94, 0, 1))
      const problems = [{ id: '2', problem: '1 of 1 chunks that were never written' }]
      expect((await checkPatches(set)).problems).toEqual(problems)
      await set.close()
    }
  })
})
