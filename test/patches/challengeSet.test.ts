import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createHdf5, type Hdf5Kind } from '../../src/files/index.ts'
import { checkPatches, createChallengeFile, describePatches, openPatchSet } from '../../src/patches/index.ts'
import { hasPython, runPython } from '../files/python.ts'
import { makeTemporaryFolder, noise, noiseBatch } from './fixtures.ts'

const inFolder = makeTemporaryFolder()

/** HWC bytes as CHW values of a kind, 255 being `scale`. */
function planes(
  bytes: Uint8Array,
  scale: number,
  make: (values: number[]) => ArrayBufferView,
): ArrayBufferView {
  const area = bytes.length / 3
  return make(
    Array.from(
      { length: bytes.length },
      (_, i) => (bytes[(i % area) * 3 + Math.floor(i / area)] / 255) * scale,
    ),
  )
}

async function writeGroups(
  path: string,
  count: number,
  kind: Hdf5Kind,
  scale: number,
  make: (values: number[]) => ArrayBufferView,
) {
  const file = await createHdf5(path)
  for (let i = 0; i < count; i++) {
    file.createGroup(String(i))
    file.writeDataset(`${i}/img`, kind, [3, 96, 96], planes(noise(i), scale, make))
  }
  await file.close()
}

describe('the challenge reader', () => {
  it('orders rows by number, keeps names as ids and reads what was written', async () => {
    for (const compress of [false, true]) {
      const path = inFolder(`order${compress}.h5`)
      const writer = await createChallengeFile(path, { compress })
      for (const i of [10, 2, 0, 1, 11])
        writer.append({ id: String(i), image: noise(i), label: i % 2, center: 3, slide: i + 20 })
      await writer.close()
      const set = await openPatchSet(path)
      expect(set.format).toBe('challenge')
      expect(set.ids).toEqual(['0', '1', '2', '10', '11'])
      expect(set.labels).toEqual(Uint8Array.of(0, 1, 0, 0, 1))
      expect(set.centers).toEqual(['3', '3', '3', '3', '3'])
      expect(set.slides).toEqual(['20', '21', '22', '30', '31'])
      expect(set.storage).toBe(
        compress ? 'chunked deflate float32 CHW, 0 to 1' : 'contiguous float32 CHW, 0 to 1',
      )
      expect(await set.read([4, 0, 3])).toEqual(noiseBatch([11, 0, 10]))
      await set.close()
    }
  })

  it('knows a test file: no labels, no centers, no slides', async () => {
    const path = inFolder('test.h5')
    const writer = await createChallengeFile(path)
    for (let i = 0; i < 3; i++) writer.append({ id: String(i), image: noise(i) })
    await writer.close()
    const set = await openPatchSet(path)
    expect([set.labels, set.centers, set.slides]).toEqual([null, null, null])
    await set.close()
  })

  it('takes bytes, doubles and floats up to 255 as they are, and floats up to 1 times 255', async () => {
    await writeGroups(inFolder('u8.h5'), 3, 'u8', 255, (values) => Uint8Array.from(values, Math.round))
    await writeGroups(inFolder('f64.h5'), 3, 'f64', 1, (values) => Float64Array.from(values))
    await writeGroups(inFolder('f32.h5'), 3, 'f32', 255, (values) => Float32Array.from(values))
    for (const [name, storage] of [
      ['u8', 'contiguous uint8 CHW, 0 to 255'],
      ['f64', 'contiguous float64 CHW, 0 to 1'],
      ['f32', 'contiguous float32 CHW, 0 to 255'],
    ]) {
      const set = await openPatchSet(inFolder(`${name}.h5`))
      expect(set.storage).toBe(storage)
      expect(await set.read([2, 1])).toEqual(noiseBatch([2, 1]))
      await set.close()
    }
  })

  it('names a patch of 0 to 1 in a file of 0 to 255, but no black one', async () => {
    const path = inFolder('mixed.h5')
    const file = await createHdf5(path)
    for (let i = 0; i < 40; i++) {
      const image = planes(noise(i), i === 17 ? 1 : 255, (values) => Float32Array.from(values))
      file.createGroup(String(i))
      file.writeDataset(`${i}/img`, 'f32', [3, 96, 96], i === 23 ? new Float32Array(27648) : image)
    }
    await file.close()
    const set = await openPatchSet(path)
    expect(set.storage).toContain('0 to 255')
    expect((await checkPatches(set)).problems).toEqual([
      {
        id: '17',
        problem: 'expected values up to 255, as in other patches of the file, got values from 0 to 1',
      },
    ])
    await set.close()
  })

  it('refuses a file whose bytes are 0 and 1 alone, but no black one', async () => {
    const write = async (name: string, byteOf: (image: number, place: number) => number) => {
      const file = await createHdf5(inFolder(name))
      for (let i = 0; i < 40; i++) {
        file.createGroup(String(i))
        const image = Uint8Array.from({ length: 27648 }, (_, place) => byteOf(i, place))
        file.writeDataset(`${i}/img`, 'u8', [3, 96, 96], image)
      }
      await file.close()
      return openPatchSet(inFolder(name))
    }
    await expect(write('bits.h5', (i, place) => (i + place) % 2)).rejects.toThrow(
      /bits.h5: expected bytes from 0 to 255, got 0 and 1 alone; store floats of 0 to 1 as floats/,
    )
    await (await write('black.h5', () => 0)).close()
    await (await write('dark.h5', (i, place) => (i === 33 ? 9 : place % 2))).close()
  })

  it.skipIf(!hasPython('h5py'))('reads half precision, which JavaScript has no array for', async () => {
    const path = inFolder('f16.h5')
    const script = `
import h5py, numpy as np, sys
with h5py.File(sys.argv[1], 'w') as f:
    for i in range(3): f.create_group(str(i))['img'] = (np.arange(27648).reshape(3, 96, 96) * (i + 1) % 256 / 255).astype('f2')`
    runPython(script, path)
    const set = await openPatchSet(path)
    const { data } = await set.read([1])
    const expected = Uint8Array.from(
      { length: 27648 },
      (_, i) => ((Math.floor(i / 3) + (i % 3) * 9216) * 2) % 256,
    )
    expect(data).toEqual(expected)
    expect(set.dtype).toBe('f16')
    await set.close()
  })

  it('is read by h5py as it was meant', async ({ skip }) => {
    if (!hasPython('h5py')) skip('python3-h5py is not installed')
    const path = inFolder('ours.h5')
    const writer = await createChallengeFile(path, { compress: true })
    writer.append({ id: '7', image: noise(7), label: 1, center: 4, slide: 41 })
    await writer.close()
    const script = `
import h5py, sys
g = h5py.File(sys.argv[1])['7']
print(g['img'].shape, g['img'].dtype, g['label'].shape, int(g['label'][()]), g['metadata'][()].tolist(), round(float(g['img'][2, 0, 1]) * 255))`
    expect(runPython(script, path)).toBe(`(3, 96, 96) float32 () 1 [4, 41] ${noise(7)[5]}`)
  })

  it('writes CHW floats as they are given', async () => {
    const path = inFolder('floats.h5')
    const writer = await createChallengeFile(path, { height: 2, width: 2 })
    writer.append({ id: '0', image: Float32Array.from({ length: 12 }, (_, i) => i / 11) })
    expect(() => writer.append({ id: '1', image: new Uint8Array(3) })).toThrow('expected 3x2x2, got 3 values')
    await writer.close()
    const set = await openPatchSet(path)
    expect((await set.read([0])).data.slice(0, 3)).toEqual(
      Uint8Array.of(0, Math.round((255 * 4) / 11), Math.round((255 * 8) / 11)),
    )
    await set.close()
  })
})

describe('the challenge reader names the group that', () => {
  const zeros = new Float32Array(27648)
  const damaged = (change: (image: Float32Array) => void) => {
    const image = zeros.slice()
    change(image)
    return image
  }

  async function openWith(name: string, second: (file: Awaited<ReturnType<typeof createHdf5>>) => void) {
    const path = inFolder(`${name}.h5`)
    const file = await createHdf5(path)
    for (const id of ['0', '2']) {
      file.createGroup(id)
      file.writeDataset(`${id}/img`, 'f32', [3, 96, 96], zeros)
      file.writeDataset(`${id}/label`, 'i64', [], BigInt64Array.of(0n))
    }
    file.createGroup('1')
    second(file)
    await file.close()
    return openPatchSet(path)
  }
  const label = (value: bigint) => BigInt64Array.of(value)

  it('has no img', async () => {
    const opening = openWith('noImage', (file) => file.writeDataset('1/label', 'i64', [], label(0n)))
    await expect(opening).rejects.toThrow(/noImage\.h5\/1: got no img/)
  })

  it('has channels last', async () => {
    const opening = openWith('hwc', (file) => {
      file.writeDataset('1/img', 'f32', [96, 96, 3], zeros)
      file.writeDataset('1/label', 'i64', [], label(0n))
    })
    await expect(opening).rejects.toThrow(/hwc\.h5\/1: got img \(96, 96, 3\) in HWC order, not CHW/)
  })

  it('has another size, another type or another rank', async () => {
    const shapes: [string, Hdf5Kind, number[], ArrayBufferView, RegExp][] = [
      ['size', 'f32', [3, 48, 48], new Float32Array(6912), /\(3, 48, 48\) where others have \(3, 96, 96\)/],
      ['type', 'i32', [3, 96, 96], new Int32Array(27648), /img of type i32, not u8, f16, f32, f64/],
      ['rank', 'f32', [96, 96], new Float32Array(9216), /img of shape \(96, 96\), not \(3, H, W\)/],
    ]
    for (const [name, kind, shape, values, message] of shapes) {
      const opening = openWith(name, (file) => {
        file.writeDataset('1/img', kind, shape, values)
        file.writeDataset('1/label', 'i64', [], label(0n))
      })
      await expect(opening).rejects.toThrow(message)
    }
  })

  it('has a label other than 0 or 1, or none', async () => {
    const two = openWith('two', (file) => {
      file.writeDataset('1/img', 'f32', [3, 96, 96], zeros)
      file.writeDataset('1/label', 'i64', [], label(2n))
    })
    await expect(two).rejects.toThrow(/two\.h5\/1: got label 2, not 0 or 1/)
    const none = openWith('none', (file) => file.writeDataset('1/img', 'f32', [3, 96, 96], zeros))
    await expect(none).rejects.toThrow(/none\.h5\/1: got no label where others have one/)
  })

  it('has NaN or values beyond its range, when it is read', async () => {
    const values = {
      NaN: damaged((image) => image.fill(Number.NaN, 5, 6)),
      beyond: damaged((image) => image.fill(1.2, 9000, 9001)),
      below: damaged((image) => image.fill(-0.1, 0, 1)),
    }
    for (const [name, image] of Object.entries(values)) {
      const set = await openWith(name, (file) => {
        file.writeDataset('1/img', 'f32', [3, 96, 96], image)
        file.writeDataset('1/label', 'i64', [], label(0n))
      })
      const got = name === 'NaN' ? 'NaN' : 'values beyond'
      await expect(set.read([0, 1, 2])).rejects.toThrow(
        `${name}.h5/1/img: expected values in [0, 1], got ${got}`,
      )
      expect((await set.read([0, 2])).count).toBe(2)
      await set.close()
    }
  })

  it('is none: a row beyond the last', async () => {
    const set = await openWith('rows', (file) => {
      file.writeDataset('1/img', 'f32', [3, 96, 96], zeros)
      file.writeDataset('1/label', 'i64', [], label(1n))
    })
    await expect(set.read([3])).rejects.toThrow('expected rows below 3, got 3')
    await set.close()
  })
})

describe('origin', () => {
  async function write(name: string, origin?: 'synthetic') {
    const writer = await createChallengeFile(inFolder(name, 'a.h5'), { origin })
    writer.append({ id: '0', image: noise(0) })
    await writer.close()
    return inFolder(name, 'a.h5')
  }

  it('is unknown, else what the caller says, else eosin.json, else the file itself', async () => {
    const plain = await write('plain')
    const own = await write('own', 'synthetic')
    expect((await openPatchSet(plain)).origin).toBe('unknown')
    expect((await openPatchSet(plain, { origin: 'real' })).origin).toBe('real')
    for (const name of ['plain', 'own']) {
      writeFileSync(inFolder(name, 'eosin.json'), '{ "origin": "semi-synthetic", "licence": "CC BY 4.0" }')
    }
    const set = await openPatchSet(plain, { origin: 'real' })
    expect([set.origin, set.licence]).toEqual(['semi-synthetic', 'CC BY 4.0'])
    expect((await openPatchSet(own, { origin: 'real' })).origin).toBe('synthetic')
  })

  it('is refused where it is no such word', async () => {
    const path = await write('odd')
    writeFileSync(inFolder('odd', 'eosin.json'), '{ "origin": "reel" }')
    await expect(openPatchSet(path)).rejects.toThrow("did you mean 'real'?")
  })
})

const mini = '../shared/data/challenge-mini'
describe.skipIf(!existsSync(mini))('challenge-mini', () => {
  it('has the counts, centers, labels and storage it is known to have', async () => {
    const expected = {
      train: {
        count: 600,
        centers: { 0: 200, 3: 200, 4: 200 },
        labels: { 0: 300, 1: 300 },
        storage: 'chunked deflate float32 CHW, 0 to 1',
      },
      val: {
        count: 200,
        centers: { 1: 200 },
        labels: { 0: 100, 1: 100 },
        storage: 'contiguous float32 CHW, 0 to 1',
      },
      test: { count: 200, centers: null, labels: null, storage: 'chunked deflate float32 CHW, 0 to 1' },
    }
    for (const [name, facts] of Object.entries(expected)) {
      const set = await openPatchSet(`${mini}/${name}.h5`, { origin: 'semi-synthetic' })
      expect(await describePatches(set, 32)).toMatchObject({
        ...facts,
        size: '96x96',
        dtype: 'f32',
        origin: 'semi-synthetic',
      })
      await set.close()
    }
  })
})
