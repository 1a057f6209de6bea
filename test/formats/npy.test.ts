import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { f32, ndarray } from '../../src/base/index.ts'
import { readNpy, writeNpy } from '../../src/formats/index.ts'
import { hasPython, runPython } from '../files/python.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

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

  it('start the values at a multiple of 64 bytes, as NumPy does', () => {
    expect(writeNpy(f32([1], [1])).length).toBe(128 + 4)
  })

  it('read values that start at any byte of a larger buffer', () => {
    const file = writeNpy(f32([2], [1, 2]))
    const shifted = new Uint8Array(file.length + 1)
    shifted.set(file, 1)
    expect(readNpy(shifted.subarray(1)).data).toEqual(Float32Array.of(1, 2))
  })

  it('refuse other bytes, missing values and Fortran order, naming the file', () => {
    const file = writeNpy(f32([2, 2], [1, 2, 3, 4]))
    expect(() => readNpy(Buffer.from('hello, world'), 'x.npy')).toThrow(/x\.npy: expected a NumPy/)
    expect(() => readNpy(file.subarray(0, file.length - 1), 'x.npy')).toThrow(/expected 144 bytes, got 143/)
    const fortran = Buffer.from(Buffer.from(file).toString('latin1').replace('False', 'True '), 'latin1')
    expect(() => readNpy(fortran, 'x.npy')).toThrow(/Fortran order/)
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
