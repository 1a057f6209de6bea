import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { hashBytes, hashFile, replaceFile, writeFileAtomic } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

describe('writeFileAtomic', () => {
  it('replaces a file and makes the folders above it', async () => {
    const path = inFolder('a', 'b', 'c.txt')
    await writeFileAtomic(path, 'old')
    await writeFileAtomic(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(readdirSync(inFolder('a', 'b'))).toEqual(['c.txt'])
  })

  it('says what to do where the folder cannot be made', async () => {
    writeFileSync(inFolder('file'), '')
    await expect(writeFileAtomic(inFolder('file', 'x'), '')).rejects.toThrow(DataError)
  })
})

describe('replaceFile', () => {
  it('keeps the old file and leaves nothing else where writing fails', async () => {
    const path = inFolder('kept', 'k.txt')
    await writeFileAtomic(path, 'old')
    const failing = replaceFile(path, async (temporary) => {
      writeFileSync(temporary, 'half')
      throw new RangeError('stop')
    })
    await expect(failing).rejects.toThrow(RangeError)
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(inFolder('kept'))).toEqual(['k.txt'])
  })
})

describe('hashFile', () => {
  it('is the sha256 of the bytes', async () => {
    writeFileSync(inFolder('abc'), 'abc')
    const sha256OfAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(await hashFile(inFolder('abc'))).toBe(sha256OfAbc)
    expect(hashBytes('abc')).toBe(sha256OfAbc)
    await expect(hashFile(inFolder('none'))).rejects.toThrow(/none/)
  })
})
