import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createHdf5, type Hdf5Kind, openHdf5 } from '../../src/files/index.ts'
import { hasPython, runPython } from './python.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

async function writeSmallFile(path: string): Promise<void> {
  const file = await createHdf5(path)
  file.createGroup('7')
  file.writeDataset(
    '7/img',
    'f32',
    [3, 4, 5],
    Float32Array.from({ length: 60 }, (_, i) => i / 60),
  )
  file.writeDataset(
    '7/packed',
    'f32',
    [3, 4, 5],
    Float32Array.from({ length: 60 }, (_, i) => i),
    { chunks: [1, 3, 2], deflate: 4 },
  )
  file.writeDataset('7/label', 'i64', [], BigInt64Array.of(1n))
  file.writeDataset('7/pair', 'i32', [2], Int32Array.of(-3, 28))
  file.writeText('/', 'made_by', 'a test')
  await file.close()
}

async function readFloats(path: string, dataset: string): Promise<number[]> {
  const file = await openHdf5(path)
  try {
    let values: number[] = []
    await file.readEach([(await file.describe(dataset))!], (_, bytes) => {
      values = Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4))
    })
    return values
  } finally {
    await file.close()
  }
}

describe('openHdf5', () => {
  it('lists, describes and reads what createHdf5 wrote', async () => {
    const path = inFolder('small.h5')
    await writeSmallFile(path)
    const file = await openHdf5(path)
    expect(await file.list('/')).toEqual(['7'])
    expect(await file.list('7')).toEqual(['img', 'label', 'packed', 'pair'])
    expect(await file.describe('7/img')).toMatchObject({
      kind: 'f32',
      shape: [3, 4, 5],
      bytes: 240,
      chunks: null,
      filters: [],
    })
    expect(await file.describe('7/packed')).toMatchObject({ chunks: [1, 3, 2], filters: ['deflate'] })
    expect(await file.describe('7/none')).toBeUndefined()
    expect(await file.describe('8/img')).toBeUndefined()
    expect(await file.describe('7')).toBeUndefined()
    expect(await file.readNumbers('7/label')).toEqual([1])
    expect(await file.readNumbers('7/pair')).toEqual([-3, 28])
    expect(await file.readNumbers('7/none')).toBeUndefined()
    expect(await file.readText('made_by')).toBe('a test')
    expect(await file.readText('none')).toBeUndefined()
    await file.close()
    expect(await readFloats(path, '7/packed')).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  it('reads a part of a dataset', async () => {
    const path = inFolder('part.h5')
    await writeSmallFile(path)
    const file = await openHdf5(path)
    const bytes = await file.read((await file.describe('7/packed'))!, { offset: [2, 0, 0], count: [1, 1, 5] })
    expect(Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, 5))).toEqual([40, 41, 42, 43, 44])
    await file.close()
  })

  it('says of a missing, empty, truncated or other file what it is', async () => {
    writeFileSync(inFolder('empty.h5'), '')
    writeFileSync(inFolder('text.h5'), 'not an HDF5 file')
    await writeSmallFile(inFolder('short.h5'))
    truncateSync(inFolder('short.h5'), 2000)
    await expect(openHdf5(inFolder('none.h5'))).rejects.toThrow(
      /none\.h5: expected an HDF5 file, got no such file/,
    )
    await expect(openHdf5(inFolder('empty.h5'))).rejects.toThrow(/got an empty file/)
    await expect(openHdf5(inFolder('text.h5'))).rejects.toThrow(
      /text\.h5: expected an HDF5 file, got text that begins/,
    )
    await expect(openHdf5(inFolder('short.h5'))).rejects.toThrow(
      /short\.h5.*truncated file.*download or copy it again/,
    )
    await expect(openHdf5(inFolder())).rejects.toThrow(/got a folder/)
  })

  it('names the dataset whose compressed bytes are damaged', async () => {
    const path = inFolder('damaged.h5')
    const file = await createHdf5(path)
    file.writeDataset(
      'x',
      'u8',
      [4096],
      Uint8Array.from({ length: 4096 }, (_, i) => (i * i) >> 4),
      { chunks: [4096], deflate: 9 },
    )
    await file.close()
    const bytes = readFileSync(path)
    const start = bytes.indexOf(Buffer.from([0x78, 0xda]))
    expect(start).toBeGreaterThan(0)
    bytes.fill(0xff, start + 20, start + 60)
    writeFileSync(path, bytes)
    await expect(readFloats(path, 'x')).rejects.toThrow(/damaged\.h5\/x: got a chunk that cannot be inflated/)
  })
})

describe('createHdf5', () => {
  it('writes the same bytes whenever it is called', async () => {
    await writeSmallFile(inFolder('first.h5'))
    await new Promise((resolve) => setTimeout(resolve, 1100)) // HDF5 would stamp whole seconds
    await writeSmallFile(inFolder('second.h5'))
    expect(readFileSync(inFolder('first.h5')).equals(readFileSync(inFolder('second.h5')))).toBe(true)
  })

  it('refuses a name that is taken, and leaves nothing behind when discarded', async () => {
    const before = readdirSync(inFolder())
    const file = await createHdf5(inFolder('taken.h5'))
    file.writeDataset('x', 'u8', [1], Uint8Array.of(1))
    expect(() => file.writeDataset('x', 'u8', [1], Uint8Array.of(1))).toThrow(
      /taken\.h5\/x: got an HDF5 error \(name already exists\)/,
    )
    await file.discard()
    expect(readdirSync(inFolder())).toEqual(before)
  })

  it('says which folder cannot be written', async () => {
    writeFileSync(inFolder('blocker'), '')
    await expect(createHdf5(inFolder('blocker', 'x.h5'))).rejects.toThrow(/blocker/)
  })
})

describe.skipIf(!hasPython('h5py'))('h5py', () => {
  it('reads what createHdf5 wrote', async () => {
    await writeSmallFile(inFolder('ours.h5'))
    const script = `
import h5py, sys
f = h5py.File(sys.argv[1]); g = f['7']
print(f.attrs['made_by'].decode(), g['img'].dtype, g['img'].shape, g['label'].shape, g['label'].dtype, g['label'][()], g['pair'][()].tolist(), g['packed'].compression, g['packed'][2, 3, 4])`
    expect(runPython(script, inFolder('ours.h5'))).toBe(
      'a test float32 (3, 4, 5) () int64 1 [-3, 28] gzip 59.0',
    )
  })

  const options: Record<string, string> = {
    contiguous: '',
    'chunked by guess and deflated': ", compression='gzip'",
    'in chunks that overlap its edge, shuffled': ", compression='gzip', shuffle=True, chunks=(2, 3, 4)",
    'with a checksum, left to the library': ', fletcher32=True',
    'big-endian, left to the library': ", dtype='>f4'",
  }
  it.each(Object.entries(options))('writes a dataset %s that is read right', async (name, option) => {
    for (const version of ['earliest', 'latest']) {
      const path = inFolder(`${name.length}-${version}.h5`)
      const script = `
import h5py, numpy as np, sys
with h5py.File(sys.argv[1], 'w', libver='${version}') as f:
    g = f.create_group('g'); g.create_dataset('x', data=np.arange(105, dtype='f4').reshape(3, 5, 7)${option})
    g['label'] = 1; g['empty'] = np.zeros((0,), 'i8')`
      runPython(script, path)
      expect(await readFloats(path, 'g/x')).toEqual(Array.from({ length: 105 }, (_, i) => i))
      const file = await openHdf5(path)
      expect(await file.readNumbers('g/label')).toEqual([1])
      expect(await file.describe('g/x')).toMatchObject({ kind: 'f32', shape: [3, 5, 7] })
      file.close()
    }
  })

  it('writes numbers of every kind that are read right', async () => {
    const path = inFolder('kinds.h5')
    const script = `
import h5py, numpy as np, sys
with h5py.File(sys.argv[1], 'w') as f:
    for kind in ['f2', 'f4', 'f8', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8']: f[kind] = np.array([1, 100], kind)
    f['s'] = 'text'`
    runPython(script, path)
    const file = await openHdf5(path)
    const kinds: Record<string, Hdf5Kind> = {
      f2: 'f16',
      f4: 'f32',
      f8: 'f64',
      u1: 'u8',
      i1: 'i8',
      u2: 'u16',
      i2: 'i16',
      u4: 'u32',
      i4: 'i32',
      u8: 'u64',
      i8: 'i64',
    }
    for (const [name, kind] of Object.entries(kinds)) {
      expect((await file.describe(name))?.kind).toBe(kind)
      expect(await file.readNumbers(name)).toEqual([1, 100])
    }
    expect((await file.describe('s'))?.kind).toBe('other')
    await file.close()
  })

  it('writes groups in numbers that need a tree of several levels', async () => {
    const path = inFolder('many.h5')
    const script = `
import h5py, sys
with h5py.File(sys.argv[1], 'w') as f:
    for i in range(3000): f.create_group(str(i))['label'] = i`
    runPython(script, path)
    const file = await openHdf5(path)
    expect((await file.list('/')).length).toBe(3000)
    for (const id of [0, 17, 2999]) expect(await file.readNumbers(`${id}/label`)).toEqual([id])
    await file.close()
  })
})
