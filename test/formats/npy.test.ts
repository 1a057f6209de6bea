import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { f32, ndarray } from '../../src/base/index.ts'
import { readNpy, readNpyFloat32, writeNpy } from '../../src/formats/index.ts'
import { hasPython, runPython } from '../files/python.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

/** A .npy file by hand. */
function craft(descriptor: string, shape: readonly number[], isFortran: boolean, values: readonly number[]) {
  const order = isFortran ? 'True' : 'False'
  const text = `{'descr': '${descriptor}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')},), }\n`
  return Buffer.concat([
    Buffer.from(`\x93NUMPY\x01\0${String.fromCharCode(text.length)}\0${text}`, 'latin1'),
    Uint8Array.from(values),
  ])
}

describe('readNpyFloat32', () => {
  it.each([
    ['<f2', [0, 0x3e, 0, 0xc0], [1.5, -2]],
    ['>f2', [0x3e, 0, 0xc0, 0], [1.5, -2]],
    ['<f8', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], [1.5]],
    ['>f8', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], [1.5]],
    ['>f4', [0x3f, 0xc0, 0, 0], [1.5]],
    ['|i1', [255, 2], [-1, 2]],
    ['>i2', [255, 254], [-2]],
    ['<i4', [254, 255, 255, 255], [-2]],
    ['<i8', [254, 255, 255, 255, 255, 255, 255, 255], [-2]],
    ['|u1', [255], [255]],
    ['>u2', [1, 2], [258]],
    ['<u4', [0, 0, 0, 255], [255 * 2 ** 24]],
    ['<u8', [0, 0, 0, 0, 0, 0, 0, 128], [2 ** 63]],
  ])('reads %s', (descriptor, bytes, values) => {
    const read = readNpyFloat32(craft(descriptor, [values.length], false, bytes))
    expect(read).toEqual(f32([values.length], values))
  })

  it.each(['<c8', '<U3', '|O', '<f16', '<M8[s]', '|b1'])('refuses %s in one line', (descriptor) => {
    expect(() => readNpyFloat32(craft(descriptor, [1], false, [0]), 'x.npy')).toThrow(
      `x.npy: expected numbers (f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8), got dtype ${descriptor}; save x.astype`,
    )
  })

  it('gives the rows of a matrix in Fortran order', () => {
    const file = craft('|u1', [2, 3], true, [1, 4, 2, 5, 3, 6])
    expect(readNpyFloat32(file)).toEqual(f32([2, 3], [1, 2, 3, 4, 5, 6]))
  })
})

describe('readNpy and writeNpy', () => {
  it('give back every dtype and shape', () => {
    const arrays = [
      f32([2, 3], [1, 2, 3, 4, 5, 6.5]),
      ndarray('f64', [1], Float64Array.of(Math.PI)),
      ndarray('i32', [3], Int32Array.of(-1, 0, 1)),
      ndarray('i64', [], BigInt64Array.of(-(2n ** 40n))),
      ndarray('u8', [2, 0, 4], new Uint8Array(0)),
      ndarray('bool', [2], Uint8Array.of(0, 1)),
    ]
    for (const array of arrays) expect(readNpy(writeNpy(array))).toEqual(array)
  })

  it('read either byte order and either order of the axes', () => {
    const file = craft(
      '>i4',
      [2, 3],
      true,
      [0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 3, 255, 255, 255, 254],
    )
    expect(readNpy(file)).toEqual(ndarray('i32', [2, 3], Int32Array.of(1, 2, 3, 4, 5, -2)))
    const cube = craft('|u1', [2, 3, 2], true, [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11])
    expect([...readNpy(cube).data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('start the values at a multiple of 64 bytes, as NumPy does', () => {
    expect(writeNpy(f32([1], [1])).length).toBe(128 + 4)
  })

  it('read values that start at any byte of a larger buffer', () => {
    const file = writeNpy(f32([2], [1, 2]))
    const shifted = new Uint8Array(file.length + 1)
    shifted.set(file, 1)
    expect(readNpy(shifted.subarray(1)).data).toEqual(Float32Array.of(1, 2))
  })

  it('refuse other bytes and missing values, naming the file', () => {
    const file = writeNpy(f32([2, 2], [1, 2, 3, 4]))
    expect(() => readNpy(Buffer.from('hello, world'), 'x.npy')).toThrow(/x\.npy: expected a NumPy/)
    expect(() => readNpy(file.subarray(0, file.length - 1), 'x.npy')).toThrow(/expected 144 bytes, got 143/)
    const negative = Buffer.from(Buffer.from(file).toString('latin1').replace('(2, 2)', '(-2,2)'), 'latin1')
    expect(() => readNpy(negative, 'x.npy')).toThrow(/expected a shape of whole numbers, got \(-2,2\)/)
  })

  it.skipIf(!hasPython('numpy'))('agree with NumPy', () => {
    const path = inFolder('ours.npy')
    writeFileSync(path, writeNpy(f32([2, 2], [1, 2, 3, 4.5])))
    const seen = runPython(
      'import numpy as np, sys; a = np.load(sys.argv[1]); print(a.dtype, a.tolist())',
      path,
    )
    expect(seen).toBe('float32 [[1.0, 2.0], [3.0, 4.5]]')
    const theirs = inFolder('theirs.npy')
    runPython('import numpy as np, sys; np.save(sys.argv[1], np.arange(6).reshape(2, 3))', theirs)
    expect(readNpy(readFileSync(theirs))).toEqual(
      ndarray('i64', [2, 3], BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n)),
    )
  })
})
