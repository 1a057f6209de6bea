// An image model in an ONNX file: opened, checked to take pictures, fed in the form that it asks for, and known by the
// hash of all its bytes.

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DataError, describeCause, EngineError, pickNamed, ShapeError } from '../../base/index.ts'
import {
  chooseProvider,
  openSession,
  type Port,
  type ProviderChoice,
  type Session,
} from '../../engine/index.ts'
import { hashBytes, hashFile, readOnnxFile } from '../../files/index.ts'
import { type OnnxModel, readOnnx } from '../../formats/index.ts'
import { cutGraph, emitModel, findPatchSide, flatten, readGraph } from '../../graph/index.ts'
import type { PictureForm } from '../preparationWorker.ts'

/** How an input takes pictures; what varies is null. */
export interface PictureInput {
  readonly form: PictureForm
  readonly batch: number | null
  readonly height: number | null
  readonly width: number | null
}

/** A model with one picture input. */
export interface ImageModel extends PictureInput {
  readonly session: Session
  readonly input: Port
  /** The side of a vision transformer's patches, where the graph shows it. */
  readonly patchSide: number | null
  /** Whether a model in half precision is run in single precision, as the device has no other. */
  readonly isWidened: boolean
  /** sha256 over the file and the files that hold its weights. */
  readonly hash: string
}

/** What of the options decides how a model is opened. */
export interface OpenModelOptions {
  readonly output: string | null
  readonly layout: PictureForm['layout'] | null
  readonly device: string
  readonly threads?: number
}

/**
 * Opens the model at `path`; one in half precision that the device cannot run is read as a graph and run in single
 * precision. Throws DataError where there is no ONNX file, EngineError where it cannot be run, ShapeError where it does
 * not take one batch of RGB pictures.
 */
export async function openImageModel(path: string, options: OpenModelOptions): Promise<ImageModel> {
  const { model, hash } = await readModel(path)
  const settings = { provider: options.device as ProviderChoice, threads: options.threads }
  const isHalf = holdsHalf(model)
  const isAsked = isHalf && chooseProvider(settings.provider) === 'webgpu' // not every GPU has half precision there
  const session = isAsked
    ? null
    : await openSession(path, settings).catch((error) => {
        if (isHalf && error instanceof EngineError) return null
        throw error
      })
  const opened = session ?? (await openSession(await widenModel(path, options.output), settings))
  return finish(opened, path, options, { hash, patchSide: findPatchSide(model), isWidened: session === null })
}

/**
 * The part of the model at `path` before a cut, as a model of its own whose only output holds rows. Throws as
 * openImageModel, and ShapeError where it cannot be read or cut there.
 */
export async function openTrunkModel(
  path: string,
  trunk: string | number,
  options: OpenModelOptions,
): Promise<ImageModel> {
  const { hash } = await readModel(path)
  const graph = readGraph(await readOnnxFile(path), path)
  const [images] = Object.values(graph.inputs)
  const cut = cutGraph(graph, options.output ?? graph.outputs[0], trunk)
  const model = emitModel({ [cut.at]: flatten(cut.writeTrunk(images)) }, { inputs: [images] })
  const session = await openSession(model, {
    provider: options.device as ProviderChoice,
    threads: options.threads,
  })
  return finish(session, path, options, { hash, patchSide: null, isWidened: false })
}

/** The output called `name`, or the first. Throws UnknownNameError with the outputs there are. */
export function pickOutput({ session }: ImageModel, name: string | null, path: string): Port {
  const outputs = Object.fromEntries(session.outputs.map((port) => [port.name, port]))
  const output = name === null ? session.outputs[0] : pickNamed(`${path} output`, outputs, name)
  if (output.dtype === 'f32') return output
  const where = `${path} output '${output.name}'`
  throw new EngineError({ where, expected: 'float32 or float16', got: output.dtype })
}

async function finish(
  session: Session,
  path: string,
  { layout }: OpenModelOptions,
  facts: Pick<ImageModel, 'hash' | 'patchSide' | 'isWidened'>,
): Promise<ImageModel> {
  try {
    return { session, ...facts, ...readInput(session, path, layout) }
  } catch (error) {
    await session.close()
    throw error
  }
}

async function widenModel(path: string, output: string | null): Promise<Uint8Array> {
  const graph = readGraph(await readOnnxFile(path), path)
  const name = output ?? graph.outputs[0]
  return emitModel(graph.write([name]), { inputs: Object.values(graph.inputs) })
}

// TensorProto.DataType: float16 and bfloat16.
function holdsHalf({ graph }: OnnxModel): boolean {
  const types = [
    ...graph!.initializer.map(({ dataType }) => dataType),
    ...[...graph!.input, ...graph!.output].map(({ type }) => type?.tensorType?.elemType),
  ]
  return types.some((type) => type === 10 || type === 16)
}

async function readModel(path: string): Promise<{ model: OnnxModel; hash: string }> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError({ where: path, expected: 'an ONNX file', got: describeCause(cause) }, cause)
  })
  const model = readOnnx(bytes, path)
  const locations = model.graph!.initializer.flatMap(({ externalData }) =>
    externalData.filter(({ key }) => key === 'location').map(({ value }) => value),
  )
  const hashes = [hashBytes(bytes)]
  for (const location of [...new Set(locations)].sort()) {
    hashes.push(await hashFile(join(dirname(path), location)))
  }
  return { model, hash: hashBytes(hashes.join('\n')) }
}

function readInput(
  session: Session,
  path: string,
  layout: PictureForm['layout'] | null,
): PictureInput & Pick<ImageModel, 'input'> {
  const [input, ...others] = session.inputs
  if (others.length > 0) {
    const got = session.inputs.map(({ name }) => name).join(', ')
    throw new EngineError({ where: path, expected: 'a model with one input', got })
  }
  return { input, ...readPictureInput(input, layout, `${path} input '${input.name}'`) }
}

/**
 * How an input takes pictures: three channels behind the batch or behind the sides, in floats or bytes. Where the shape
 * does not tell, they are behind the batch. Throws ShapeError and EngineError for an input of another kind.
 */
export function readPictureInput(
  { shape, dtype }: Pick<Port, 'shape' | 'dtype'>,
  layout: PictureForm['layout'] | null,
  where: string,
): PictureInput {
  const isRgb = (axis: number) => shape[axis] === 3 || !isKnown(shape[axis])
  const isLast = layout === null ? shape[3] === 3 && shape[1] !== 3 : layout === 'nhwc'
  if (shape.length !== 4 || !isRgb(isLast ? 3 : 1)) {
    const expected =
      layout === 'nhwc'
        ? '[batch, height, width, 3]'
        : '[batch, 3, height, width] or [batch, height, width, 3]'
    throw new ShapeError({ where, expected, got: `[${shape.join(', ')}]` })
  }
  if (dtype !== 'f32' && dtype !== 'u8')
    throw new EngineError({ where, expected: 'float32, float16 or uint8', got: dtype })
  const [batch, height, width] = isLast ? shape : [0, 2, 3].map((axis) => shape[axis])
  const known = (side: number | string) => (isKnown(side) ? side : null)
  return {
    form: { layout: isLast ? 'nhwc' : 'nchw', dtype },
    batch: known(batch),
    height: known(height),
    width: known(width),
  }
}

function isKnown(side: number | string): side is number {
  return typeof side === 'number' && side > 0
}
