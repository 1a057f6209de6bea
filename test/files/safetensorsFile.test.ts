import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError, f32 } from '../../src/base/index.ts'
import { openSafetensors } from '../../src/files/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

describe('openSafetensors', () => {
  it('reads single tensors of a file', async () => {
    const tensors = { weight: f32([2, 2], [1, -2, 3.5, Number.NaN]), empty: f32([0, 3]) }
    const path = inFolder('a.safetensors')
    writeFileSync(path, writeSafetensors(tensors))
    const file = await openSafetensors(path)
    expect(Object.keys(file.entries)).toEqual(Object.keys(tensors))
    expect(await file.read('weight')).toEqual(tensors.weight)
    expect(await file.read('empty')).toEqual(tensors.empty)
    await expect(file.read('bias')).rejects.toThrow(/a tensor 'bias'/)
    await file.close()
  })

  it('names a file that is missing', async () => {
    await expect(openSafetensors('/nowhere/x')).rejects.toThrow(DataError)
  })
})
