// The formats that are fuzzed: sound files to begin with, and all that Eosin reads of such a file. A reader may give
// values, which must be whole, or throw an error of Eosin's.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DataError, type NdArray, pixels, sizeOf } from '../../src/base/index.ts'
import { lookup3 } from '../../src/base/lookup3.ts'
import {
  decodeImage,
  encodePng,
  openNpy,
  readCsvFile,
  readNpyFile,
  readOnnxFile,
} from '../../src/files/index.ts'
import { readSafetensors, writeNpy, writeSafetensors } from '../../src/formats/index.ts'
import { readGraph } from '../../src/graph/index.ts'
import { checkPatches, describePatches, openPatchSet } from '../../src/patches/index.ts'
import { readRecipe } from '../../src/recipe/index.ts'
import { openCheckpoint } from '../../src/weights/index.ts'
import { encodeJpeg } from '../files/encodeJpeg.ts'
import { writeTiff } from '../files/tiffFile.ts'
import { oddityOf } from './clean.ts'

/** A format and how it is fuzzed. */
export interface Target {
  /** How its files end. */
  readonly extension: string
  readonly isText?: boolean
  /** Sound files; what a file needs beside it is put into `folder`. */
  seeds(folder: string): Buffer[] | Promise<Buffer[]>
  /** Puts right what would otherwise hide everything else that is wrong: checksums. */
  repair?(bytes: Buffer): void
  /** Reads all there is at `path`. */
  read(path: string): Promise<void>
}

function filesOf(folder: string, pattern: RegExp): Buffer[] {
  const names = readdirSync(folder).filter((name) => pattern.test(name))
  return names.sort().map((name) => readFileSync(join(folder, name)))
}

function ramp(dtype: 'f32' | 'f64' | 'i32' | 'u8', shape: number[]): NdArray {
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => i % 100)
  const make = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array }[dtype]
  return { dtype, shape, data: new make(values) } as NdArray
}

function expectWhole({ shape, data }: NdArray): void {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values of shape (${shape.join(', ')})`)
}

async function readCheckpoint(path: string): Promise<void> {
  const checkpoint = await openCheckpoint(path)
  try {
    for (const name of checkpoint.tensors.keys()) {
      expectWhole(await checkpoint.read(name))
      await checkpoint.place(name)
    }
  } finally {
    await checkpoint.close()
  }
}

async function readPatches(path: string): Promise<void> {
  const set = await openPatchSet(path, { isTolerant: true })
  try {
    const { problems } = await checkPatches(set)
    for (const { problem } of problems) if (oddityOf(problem)) throw new Error(oddityOf(problem))
    const { data, count, height, width } = await set.read([])
    if (data.length !== count * height * width * 3) throw new Error('pixels that are not whole')
    if (problems.length === 0) await describePatches(set)
  } finally {
    await set.close()
  }
}

async function readPicture(path: string): Promise<void> {
  const { data, count, height, width } = await decodeImage(readFileSync(path), path)
  if (data.length !== count * height * width * 3) throw new Error('pixels that are not whole')
}

// A seed has the storage's name in its own, and is there in the classic and in the newest format.
function hdf5(storage: string): Target {
  return {
    extension: 'h5',
    seeds: () => filesOf('fixtures/hdf5', new RegExp(`^storage-${storage}-`)),
    repair: repairHdf5,
    read: readPatches,
  }
}

// The signatures of checked structures and how long they are without their checksum, where that is fixed.
const checked: Readonly<Record<string, number>> = { FRHP: 142, BTHD: 34, FAHD: 24, EAHD: 68 }

function repairHdf5(bytes: Buffer): void {
  const put = (at: number, length: number) => {
    if (length < 0 || at + length + 4 > bytes.length) return
    bytes.writeUInt32LE(lookup3(bytes.subarray(at, at + length)), at + length)
  }
  if (bytes.length > 48 && bytes[8] >= 2) put(0, 44)
  for (const [name, length] of Object.entries(checked)) {
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 4)) put(at, length)
  }
  for (
    let at = bytes.indexOf('OHDR');
    at >= 0 && at + 32 < bytes.length;
    at = bytes.indexOf('OHDR', at + 4)
  ) {
    const flags = bytes[at + 5]
    const sizeAt = at + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0)
    const width = 1 << (flags & 3)
    if (width <= 4) put(at, sizeAt - at + width + bytes.readUIntLE(sizeAt, width))
  }
}

/** All fuzzed formats by name. */
export const targets: Readonly<Record<string, Target>> = {
  safetensors: {
    extension: 'safetensors',
    seeds: () => [
      Buffer.from(
        writeSafetensors({ a: ramp('f32', [3, 4]), 'b.weight': ramp('i32', [5]) }, { format: 'pt' }),
      ),
      Buffer.from(
        writeSafetensors({ 'blocks.0.attn.qkv.weight': ramp('f64', [2, 2, 3]), scalar: ramp('u8', []) }),
      ),
    ],
    async read(path) {
      for (const array of Object.values(readSafetensors(readFileSync(path), path))) expectWhole(array)
      await readCheckpoint(path)
    },
  },
  torch: {
    extension: 'pt',
    seeds: () => filesOf('fixtures/torch', /\.pth?$/).filter((bytes) => bytes[0] === 0x50),
    read: readCheckpoint,
  },
  'torch before 1.6': {
    extension: 'pt',
    seeds: () => filesOf('fixtures/torch', /\.pth?$/).filter((bytes) => bytes[0] === 0x80),
    read: readCheckpoint,
  },
  npy: {
    extension: 'npy',
    seeds: () =>
      [ramp('f32', [4, 6]), ramp('f64', [3]), ramp('u8', [2, 3, 4])].map((array) =>
        Buffer.from(writeNpy(array)),
      ),
    async read(path) {
      expectWhole(await readNpyFile(path))
      const matrix = await openNpy(path)
      try {
        await matrix.readRows(0, matrix.shape[0])
      } finally {
        await matrix.close()
      }
    },
  },
  onnx: {
    extension: 'onnx',
    seeds: () => filesOf('fixtures/onnx', /^(mlp_8|cnn_11|cnn_train_9|swin_13)\.onnx$/),
    async read(path) {
      readGraph(await readOnnxFile(path), path)
    },
  },
  'HDF5 contiguous': hdf5('contiguous'),
  'HDF5 compact': hdf5('compact'),
  'HDF5 chunked': hdf5('chunked'),
  'HDF5 deflated': hdf5('deflated'),
  TIFF: {
    extension: 'tif',
    seeds: () => {
      const [width, height, count] = [21, 19, 21 * 19 * 3]
      const bytes = Uint8Array.from({ length: count }, (_, i) => (i * i) % 251)
      const tile = [16, 16] as const
      const floats = Float32Array.from(bytes, (value) => value / 255)
      const words = Uint16Array.from(bytes, (value) => value * 257)
      return [
        writeTiff({ width, height }, bytes),
        writeTiff({ width, height, tile, predictor: 2, packing: 'deflate', isPlanar: true }, bytes),
        writeTiff({ width, height, packing: 'packbits', isBigEndian: true }, bytes),
        writeTiff({ width, height, kind: 'u16', isBigTiff: true, packing: 'deflate' }, words),
        writeTiff({ width, height, kind: 'f32', tile, predictor: 3, packing: 'deflate' }, floats),
      ].map((file) => Buffer.from(file))
    },
    read: readPicture,
  },
  'PNG and JPEG': {
    extension: 'png',
    async seeds() {
      const image = pixels(
        Uint8Array.from({ length: 21 * 19 * 3 }, (_, i) => (i * i) % 251),
        1,
        19,
        21,
      )
      return [await encodePng(image), await encodeJpeg(image)].map((file) => Buffer.from(file))
    },
    read: readPicture,
  },
  CSV: {
    extension: 'csv',
    isText: true,
    async seeds(folder) {
      const picture = await encodePng(pixels(new Uint8Array(4 * 4 * 3).fill(128), 1, 4, 4))
      mkdirSync(join(folder, 'pictures'), { recursive: true })
      for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, 'pictures', `${name}.png`), picture)
      const rows = ['pictures/a.png,1,3,20', 'pictures/b.png,0,3,21', '"pictures/c.png",1.0,4,22']
      return [
        Buffer.from(['path,label,center,slide', ...rows, ''].join('\n')),
        Buffer.from(['Path;Label', ...rows.map((row) => row.split(',').slice(0, 2).join(';'))].join('\r\n')),
        Buffer.from(
          ['path\tlabel\tcenter', ...rows.map((row) => row.split(',').slice(0, 3).join('\t'))].join('\n'),
        ),
      ]
    },
    async read(path) {
      await readCsvFile(path)
      await readPatches(path)
    },
  },
  'recipe YAML': {
    extension: 'yaml',
    isText: true,
    seeds: () => filesOf('recipes', /\.yaml$/),
    async read(path) {
      await readRecipe(path)
    },
  },
}

/** The target of a name. Throws DataError for an unknown one. */
export function targetOf(name: string): Target {
  const names = Object.keys(targets)
  if (!names.includes(name))
    throw new DataError({ where: 'format', expected: names.join(', '), got: `'${name}'` })
  return targets[name]
}
