// An image model in an ONNX file: opened, checked to take pictures, and known by the hash of all its bytes.

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DataError, describeCause, EngineError, pickNamed, ShapeError } from '../../base/index.ts'
import { openSession, type Port, type ProviderChoice, type Session } from '../../engine/index.ts'
import { hashBytes, hashFile, readOnnx, readOnnxFile } from '../../formats/index.ts'
import { cutGraph, emitModel, flatten, readGraph } from '../../graph/index.ts'

/** A model with one picture input [batch, 3, height, width]; a side is null where it varies. */
export interface ImageModel {
  readonly session: Session
  readonly input: Port
  readonly batch: number | null
  readonly height: number | null
  readonly width: number | null
  /** sha256 over the file and the files that hold its weights. */
  readonly hash: string
}

/**
 * Opens the model at `path`. Throws DataError where there is no ONNX file, EngineError where it cannot be run,
 * ShapeError where it does not take one batch of RGB pictures.
 */
export async function openImageModel(path: string, device: string, threads?: number): Promise<ImageModel> {
  const hash = await hashModel(path)
  const session = await openSession(path, { provider: device as ProviderChoice, threads })
  try {
    return { session, hash, ...readInput(session, path) }
  } catch (error) {
    await session.close()
    throw error
  }
}

/**
 * The part of the model at `path` before a cut, as a model of its own whose only output holds rows. Throws as
 * openImageModel, and ShapeError where it cannot be read or cut there.
 */
export async function openTrunkModel(
  path: string,
  { output, trunk }: { readonly output: string | null; readonly trunk: string | number },
  device: string,
  threads?: number,
): Promise<ImageModel> {
  const hash = await hashModel(path)
  const graph = readGraph(await readOnnxFile(path), path)
  const [images] = Object.values(graph.inputs)
  const cut = cutGraph(graph, output ?? graph.outputs[0], trunk)
  const model = emitModel({ [cut.at]: flatten(cut.writeTrunk(images)) }, { inputs: [images] })
  const session = await openSession(model, { provider: device as ProviderChoice, threads })
  try {
    return { session, hash, ...readInput(session, path) }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** The output called `name`, or the first. Throws UnknownNameError with the outputs there are. */
export function pickOutput({ session }: ImageModel, name: string | null, path: string): Port {
  const outputs = Object.fromEntries(session.outputs.map((port) => [port.name, port]))
  const output = name === null ? session.outputs[0] : pickNamed(`${path} output`, outputs, name)
  if (output.dtype === 'f32') return output
  throw new EngineError({ where: `${path} output '${output.name}'`, expected: 'float32', got: output.dtype })
}

async function hashModel(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError({ where: path, expected: 'an ONNX file', got: describeCause(cause) }, cause)
  })
  const { initializer } = readOnnx(bytes, path).graph!
  const locations = initializer.flatMap(({ externalData }) =>
    externalData.filter(({ key }) => key === 'location').map(({ value }) => value),
  )
  const hashes = [hashBytes(bytes)]
  for (const location of [...new Set(locations)].sort()) {
    hashes.push(await hashFile(join(dirname(path), location)))
  }
  return hashBytes(hashes.join('\n'))
}

function readInput(session: Session, path: string): Omit<ImageModel, 'session' | 'hash'> {
  const [input, ...others] = session.inputs
  if (others.length > 0) {
    const got = session.inputs.map(({ name }) => name).join(', ')
    throw new EngineError({ where: path, expected: 'a model with one input', got })
  }
  const where = `${path} input '${input.name}'`
  const [batch, channels, height, width] = input.shape
  const isKnown = (side: number | string): side is number => typeof side === 'number' && side > 0
  if (input.shape.length !== 4 || (isKnown(channels) && channels !== 3)) {
    throw new ShapeError({ where, expected: '[batch, 3, height, width]', got: `[${input.shape.join(', ')}]` })
  }
  if (input.dtype !== 'f32') throw new EngineError({ where, expected: 'float32', got: input.dtype })
  const known = (side: number | string) => (isKnown(side) ? side : null)
  return { input, batch: known(batch), height: known(height), width: known(width) }
}
