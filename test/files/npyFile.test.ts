import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError, f32, ndarray } from '../../src/base/index.ts'
import { createNpy, openNpy, readMatrixFile, readNpyFile } from '../../src/files/index.ts'
import { readNpy, writeNpy } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

describe('readNpyFile', () => {
  it('names a file that is missing', async () => {
    await expect(readNpyFile(inFolder('none.npy'))).rejects.toThrow(/none\.npy.*no such file/)
  })
})

describe('readMatrixFile', () => {
  it('reads a matrix of any numbers as float32, and refuses other shapes', async () => {
    writeFileSync(inFolder('f64.npy'), writeNpy(ndarray('f64', [1, 2], Float64Array.of(0.1, 2))))
    expect(await readMatrixFile(inFolder('f64.npy'))).toEqual(f32([1, 2], [0.1, 2]))
    writeFileSync(inFolder('row.npy'), writeNpy(f32([2], [0.1, 2])))
    await expect(readMatrixFile(inFolder('row.npy'))).rejects.toThrow(
      /row\.npy: expected a matrix \[rows, columns\], got \[2\]/,
    )
  })
})

describe('createNpy and openNpy', () => {
  it('write and read rows of a matrix whose length is known only at the end', async () => {
    const path = inFolder('rows.npy')
    const writer = await createNpy(path, 3)
    await writer.append(Float32Array.of(1, 2, 3))
    await writer.append(Float32Array.of(4, 5, 6, 7, 8, 9))
    expect(readdirSync(inFolder()).includes('rows.npy')).toBe(false)
    await writer.close()
    expect(readNpy(readFileSync(path))).toEqual(f32([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]))
    const reader = await openNpy(path)
    expect(reader.shape).toEqual([3, 3])
    expect(await reader.readRows(1, 2)).toEqual(Float32Array.of(4, 5, 6, 7, 8, 9))
    await expect(reader.readRows(2, 2)).rejects.toThrow(DataError)
    await reader.close()
  })

  it('leave nothing behind when discarded', async () => {
    const before = readdirSync(inFolder())
    const writer = await createNpy(inFolder('never.npy'), 2)
    await writer.append(Float32Array.of(1, 2))
    await expect(writer.append(Float32Array.of(1))).rejects.toThrow(/rows of 2 values/)
    await writer.discard()
    expect(readdirSync(inFolder())).toEqual(before)
  })

  it('refuse a truncated or other matrix', async () => {
    const file = writeNpy(f32([4, 2], new Float32Array(8)))
    writeFileSync(inFolder('short.npy'), file.subarray(0, 140))
    await expect(openNpy(inFolder('short.npy'))).rejects.toThrow(/short\.npy: expected 160 bytes, got 140/)
    writeFileSync(inFolder('double.npy'), writeNpy(ndarray('f64', [1, 1], Float64Array.of(1))))
    await expect(openNpy(inFolder('double.npy'))).rejects.toThrow(/expected a float32 matrix/)
  })
})
