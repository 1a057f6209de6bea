import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import {
  hashBytes,
  hashFile,
  makeFolder,
  readTextFile,
  replaceFile,
  writeFileAtomic,
} from '../../src/files/index.ts'
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

describe('makeFolder', () => {
  it('makes what is missing, and does nothing where all is there', async () => {
    await makeFolder(inFolder('one', 'two', 'three'))
    await Promise.all([makeFolder(inFolder('one', 'two', 'three')), makeFolder(inFolder('one', 'x', 'y'))])
    expect(statSync(inFolder('one', 'x', 'y')).isDirectory()).toBe(true)
    await makeFolder('/')
  })

  it('says so where a file is in the way', async () => {
    writeFileSync(inFolder('in-the-way'), '')
    await expect(makeFolder(inFolder('in-the-way'))).rejects.toThrow(
      /in-the-way: got a file where a folder is expected/,
    )
    await expect(makeFolder(inFolder('in-the-way', 'x'))).rejects.toThrow(/choose another --out/)
  })

  it.skipIf(!existsSync('/proc'))(
    'ends below /proc, where no folder can be made (skipped elsewhere)',
    async () => {
      await expect(makeFolder('/proc/x/y')).rejects.toThrow(
        '/proc/x/y: got no such file or folder; nothing can be',
      )
    },
  )
})

describe('readTextFile', () => {
  const write = (...bytes: number[]) => {
    writeFileSync(inFolder('text'), Uint8Array.from(bytes))
    return readTextFile(inFolder('text'))
  }

  it('reads UTF-8, with a byte order mark or without', async () => {
    expect(await write(0xef, 0xbb, 0xbf, 0x61, 0xc3, 0xa4)).toBe('a\u00e4')
    expect(await write(0x61)).toBe('a')
  })

  it('names other encodings', async () => {
    await expect(write(0xff, 0xfe, 0x61, 0)).rejects.toThrow(
      /text: expected text in UTF-8, got text in UTF-16; save/,
    )
    await expect(write(0xfe, 0xff, 0, 0x61)).rejects.toThrow(/got text in UTF-16/)
    await expect(write(0x61, 0xe4, 0x62)).rejects.toThrow(/got text in another encoding, such as Latin-1/)
    await expect(write(0, 0x80, 1)).rejects.toThrow(
      /text: expected text in UTF-8, got 3 bytes of no known kind \(00 80 01 .../,
    )
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
