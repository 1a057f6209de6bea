// ONNX models as files: large tensors may lie in a second file beside the model, as a protobuf message ends at 2 GiB.
// Source: the ONNX specification, external data.

import { type FileHandle, open, readFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, normalize } from 'node:path'
import { DataError, describeCause, parseDecimal } from '../base/index.ts'
import {
  moveTensorData,
  type OnnxModel,
  type OnnxModelParts,
  type OnnxTensor,
  readOnnx,
  writeOnnx,
} from '../formats/index.ts'
import { replaceFile, writeFileAtomic } from './file.ts'
import { readRange } from './positionedRead.ts'

/** Bytes of tensors above which they go to a file of their own: some room is left for the graph. */
export const largestOnnx = 2 ** 31 - 2 ** 26

/** Reads a model with all its tensors. Throws DataError where the file, or one that holds its tensors, is not right. */
export async function readOnnxFile(path: string): Promise<OnnxModel> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError({ where: path, expected: 'an ONNX file', got: describeCause(cause) }, cause)
  })
  const model = readOnnx(bytes, path)
  const files = new Map<string, FileHandle>()
  try {
    for (const tensor of model.graph!.initializer) {
      if (tensor.dataLocation !== 1) continue
      const { location, offset, length } = readLocation(tensor, path)
      if (!files.has(location)) files.set(location, await openBeside(path, location))
      tensor.rawData = await readPart(files.get(location)!, `${path} tensor '${tensor.name}'`, offset, length)
      tensor.dataLocation = 0
      tensor.externalData = []
    }
  } finally {
    for (const file of files.values()) await file.close()
  }
  return model
}

function readLocation(tensor: OnnxTensor, path: string) {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]))
  const location = entries.get('location') ?? ''
  const isOutside = isAbsolute(location) || normalize(location).startsWith('..')
  if (location === '' || isOutside) {
    const where = `${path} tensor '${tensor.name}'`
    throw new DataError({ where, expected: 'data in a file beside the model', got: `'${location}'` })
  }
  const elements = tensor.dims.reduce((size, side) => size * Number(side), 1)
  const readSize = (key: 'offset' | 'length', absent: number) => {
    const text = entries.get(key) ?? String(absent)
    const size = parseDecimal(text)
    if (size !== undefined && Number.isSafeInteger(size) && size >= 0) return size
    throw new DataError({
      where: `${path} tensor '${tensor.name}'`,
      expected: `${key} in bytes`,
      got: `'${text}'`,
    })
  }
  return {
    location,
    offset: readSize('offset', 0),
    length: readSize('length', elements * (bytesOf[tensor.dataType] ?? 0)),
  }
}

// Bytes of an element, by TensorProto.DataType.
const bytesOf: Readonly<Record<number, number>> = { 1: 4, 2: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 16: 2 }

async function openBeside(path: string, location: string): Promise<FileHandle> {
  const file = join(dirname(path), location)
  return open(file).catch((cause: Error) => {
    throw new DataError({ where: file, expected: `the tensors of ${path}`, got: describeCause(cause) }, cause)
  })
}

async function readPart(
  file: FileHandle,
  where: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const { size } = await file.stat() // before memory is asked for: what a damaged model states has no bound
  if (offset + length <= size) return readRange(file, offset, length, where)
  throw new DataError({
    where,
    expected: `${offset + length} bytes`,
    got: `${size}`,
    hint: 'fetch the file again',
  })
}

/**
 * Writes a model to `path`; where its tensors come to more than `limit` bytes they go to `<path>.data`, which the
 * model names without its folder, so that both can be moved together. The model is written last.
 */
export async function writeOnnxFile(path: string, parts: OnnxModelParts, limit = largestOnnx): Promise<void> {
  const tensors = (parts.graph?.initializer ?? []) as readonly OnnxTensor[]
  const total = tensors.reduce((sum, { rawData }) => sum + rawData.byteLength, 0)
  if (total <= limit) return writeFileAtomic(path, writeOnnx(parts))
  const location = `${basename(path)}.data`
  let initializer: OnnxTensor[] = []
  await replaceFile(join(dirname(path), location), async (temporary) => {
    initializer = await writeTensors(temporary, location, tensors)
  })
  const moved = { ...parts, graph: { ...parts.graph, initializer } } as OnnxModelParts
  await writeFileAtomic(path, writeOnnx(moved))
}

const alignment = 4096
// Smaller tensors (shapes, scalars) stay in the model: runtimes read them before the second file is opened.
const smallestOutside = 1024

async function writeTensors(
  path: string,
  location: string,
  tensors: readonly OnnxTensor[],
): Promise<OnnxTensor[]> {
  const file = await open(path, 'w')
  const moved: OnnxTensor[] = []
  let at = 0
  try {
    for (const tensor of tensors) {
      const { byteLength } = tensor.rawData
      if (byteLength < smallestOutside) {
        moved.push(tensor)
        continue
      }
      const offset = Math.ceil(at / alignment) * alignment
      await writeAll(file, tensor.rawData, offset)
      at = offset + byteLength
      moved.push(moveTensorData(tensor, location, offset))
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return moved
}

async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(
      bytes,
      at,
      Math.min(bytes.byteLength - at, 2 ** 30),
      offset + at,
    )
    at += bytesWritten
  }
}
