import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DataError, f32 } from '../../src/base/index.ts'
import { openNpy, openSafetensors, readNpyFile, readOnnxFile } from '../../src/files/index.ts'
import {
  describeFile,
  readParquet,
  recogniseFile,
  writeNpy,
  writeParquet,
  writeSafetensors,
  wrongFile,
} from '../../src/formats/index.ts'
import { openCheckpoint } from '../../src/weights/index.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'

const inFolder = makeTemporaryFolder()
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const headOf = (content: Uint8Array | string) => {
  const bytes = typeof content === 'string' ? bytesOf(content) : content
  return { bytes, size: bytes.length }
}
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 346123456\n'
const page = '\n<!DOCTYPE html>\n<html><head><title>Sign in to\n the hub</title></head></html>'
const tensors = writeSafetensors({ a: f32([2, 3], [1, 2, 3, 4, 5, 6]) })

describe('recogniseFile', () => {
  it.each([
    ['empty', ''],
    ['zeros', '\0'.repeat(64)],
    ['lfs', pointer],
    ['annex', '/annex/objects/SHA256E-s1--00.h5\n'],
    ['html', page],
    ['html', '<!-- a mirror --><html>'],
    ['xml', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ['json', '{"error":"Invalid username or password."}'],
    ['json', '\xef\xbb\xbf[\n 1]'],
    ['gzip', gzipSync('x')],
    ['xz', '\xfd7zXZ\0\0\x04'],
    ['tar', `model/${'\0'.repeat(251)}ustar  `],
    ['torchTar', `sys_info${'\0'.repeat(249)}ustar  `],
    ['hdf5', '\x89HDF\r\n\x1a\n\0'],
    ['png', '\x89PNG\r\n\x1a\n\0'],
    ['jpeg', '\xff\xd8\xff\xe0\0'],
    ['tiff', 'II*\0\x08\0\0\0'],
    ['webp', 'RIFF\x10\0\0\0WEBPVP8 '],
    ['bmp', 'BM\x36\0\x01\0\0\0\0\0\x36\0\0\0\x28\0\0\0'],
    ['zip', 'PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.csv'],
    ['npz', 'PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0x.npy'],
    ['torch', 'PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl'],
    ['pickle', '\x80\x04\x95\x10'],
    ['npy', writeNpy(f32([1], [1]))],
    ['parquet', writeParquet({ a: [1] })],
    ['safetensors', tensors],
    ['onnx', '\x08\x08\x12\x07pytorch'],
    ['utf16', '\xff\xfea\0'],
    ['text', 'id,label\n1,0\n'],
    ['other', '\x01\x02\x03\x04'],
  ] as const)('knows %s', (kind, content) => {
    expect(recogniseFile(headOf(content))).toBe(kind)
  })

  it('takes a safetensors file for what it is whatever its length looks like', () => {
    const bytes = tensors.slice()
    bytes.set([0x1f, 0x8b]) // gzip's signature as the header's length
    expect(recogniseFile(headOf(bytes))).toBe('safetensors')
  })
})

describe('wrongFile', () => {
  const wanted = { expected: 'an HDF5 file', kinds: ['hdf5'] } as const
  const say = (content: Uint8Array | string) => wrongFile('train.h5', wanted, headOf(content)).message

  it('says what the file is and what to do', () => {
    expect(say(pointer)).toBe(
      'train.h5: expected an HDF5 file, got a Git LFS pointer to a file of 346123456 bytes; ' +
        'run `git lfs pull` where it was cloned, which fetches the file itself',
    )
    expect(say(page)).toMatch(/got a web page titled 'Sign in to the hub'; .*signed in/)
    expect(say('{"error":"no access"}')).toMatch(
      /got JSON that begins '{"error":"no access"}'; .*fetch the file/,
    )
    expect(say(gzipSync('x'))).toMatch(/got a gzip archive; unpack it first: `gunzip`/)
    expect(say('')).toMatch(/got an empty file; .*fetch it again/)
    expect(say('\x01\x02\xff')).toMatch(/got 3 bytes of no known kind \(01 02 ff \.\.\.\)/)
  })

  it('keeps what it quotes short', () => {
    expect(describeFile(headOf('word '.repeat(5000))).length).toBeLessThan(90)
  })

  it('tells a file that was cut short from one that is damaged', () => {
    const header = Buffer.alloc(48)
    header.write('\x89HDF\r\n\x1a\n', 'latin1')
    header[8] = 2
    header[9] = header[10] = 8
    header.writeBigUInt64LE(5000n, 28)
    expect(say(header)).toMatch(/got 48 of its 5000 bytes; .*fetch it again/)
    header.writeBigUInt64LE(48n, 28)
    expect(say(header)).toMatch(/got one that is damaged/)
  })
})

describe('every reader of files', () => {
  const write = (content: Uint8Array | string) => {
    const path = inFolder('given.bin')
    writeFileSync(path, typeof content === 'string' ? bytesOf(content) : content)
    return path
  }
  const readers: [string, (path: string, content: Uint8Array) => Promise<unknown>][] = [
    ['safetensors', (path) => openSafetensors(path)],
    ['weights', (path) => openCheckpoint(path)],
    ['npy', (path) => readNpyFile(path)],
    ['a matrix on disk', (path) => openNpy(path)],
    ['ONNX', (path) => readOnnxFile(path)],
    ['Parquet', (path, content) => readParquet(content, path)],
  ]
  it.each(readers)('answers in these words: %s', async (_, read) => {
    for (const [content, message] of [
      [pointer, /given\.bin: .*got a Git LFS pointer to .*git lfs pull/],
      [page, /got a web page titled/],
      ['', /got an empty file/],
      [gzipSync(tensors), /got a gzip archive; unpack it first/],
      ['\x89PNG\r\n\x1a\n\0\0\0\0', /got a PNG picture/],
    ] as const) {
      const path = write(content)
      const reading = read(path, typeof content === 'string' ? bytesOf(content) : content)
      await expect(reading).rejects.toThrow(DataError)
      await expect(reading).rejects.toThrow(message)
    }
  })

  it('says how much of a file is there', async () => {
    const shortened = write(tensors.subarray(0, tensors.length - 4))
    await expect(openSafetensors(shortened)).rejects.toThrow(
      `${tensors.length - 4} of its ${tensors.length} bytes`,
    )
    await expect(openCheckpoint(write(tensors.subarray(0, 40)))).rejects.toThrow(/40 of its \d+ bytes/)
    const table = writeParquet({ a: [1, 2, 3] })
    await expect(readParquet(table.subarray(0, -4))).rejects.toThrow(/got one that ends too early/)
  })
})
