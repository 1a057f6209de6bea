// An open session of ONNX Runtime as the engine's own: arrays for tensors, ports for metadata. The builds for Node and for the
// web share these types, and this file runs with either.

import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { type Dtype, describeCause, EngineError, type NdArray, ndarray } from '../base/index.ts'
import { narrowHalf, widenHalf } from '../formats/onnx/index.ts'
import type { ProviderName } from './providers.ts'
import type { DeviceArray, Feeds, Port, Session } from './session.ts'

/** What ONNX Runtime opened, in either build. */
export type RuntimeSession = InferenceSession
type Runtime = Pick<typeof import('onnxruntime-node'), 'Tensor'>
type RuntimeTensor = Tensor

const runtimeTypes = {
  f32: 'float32',
  f64: 'float64',
  i32: 'int32',
  i64: 'int64',
  i8: 'int8',
  u8: 'uint8',
  bool: 'bool',
} as const satisfies Record<Dtype, string>

/** The option by which outputs stay in the device's memory. */
export function placeOutputs(kept: readonly string[]) {
  if (kept.length === 0) return {}
  return { preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, 'gpu-buffer' as const])) }
}

/** Wraps what `runtime` opened. Throws EngineError, and closes it, for a model with an input or output of a type that is not fed. */
export async function wrapSession(
  runtime: Runtime,
  session: RuntimeSession,
  provider: ProviderName,
  kept: readonly string[],
): Promise<Session> {
  try {
    return wrap(runtime, session, provider, kept)
  } catch (error) {
    await session.release()
    throw error
  }
}

function wrap(
  runtime: Runtime,
  session: RuntimeSession,
  provider: ProviderName,
  kept: readonly string[],
): Session {
  // A tensor only points at its array's memory: one that comes again (weights, ping-pong buffers) is kept.
  const tensors = new WeakMap<NdArray, RuntimeTensor>()
  const toTensor = (array: NdArray): RuntimeTensor => {
    const known = tensors.get(array)
    if (known) return known
    const make = runtime.Tensor as unknown as new (
      type: string,
      data: unknown,
      dims: readonly number[],
    ) => RuntimeTensor
    const tensor = new make(runtimeTypes[array.dtype], array.data, array.shape)
    tensors.set(array, tensor)
    return tensor
  }
  const inputs = session.inputMetadata.map(readPort)
  const halves = new Set(inputs.filter(({ isHalf }) => isHalf).map(({ name }) => name))
  const toTensors = (arrays: Feeds) =>
    mapValues(arrays, (array, name) => {
      if ('handle' in array) return array.handle as RuntimeTensor
      return halves.has(name) ? toHalfTensor(runtime, array) : toTensor(array)
    })
  const explained = (cause: unknown) =>
    Promise.reject(new EngineError({ where: 'run', got: describeCause(cause) }, cause))
  return {
    provider,
    inputs,
    outputs: session.outputMetadata.map(readPort),
    async run(feeds, into) {
      const run = into ? session.run(toTensors(feeds), toTensors(into)) : session.run(toTensors(feeds))
      const results = await run.catch(explained)
      return into ?? mapValues(results, fromTensor)
    },
    async runKept(feeds, into) {
      // ONNX Runtime does not write into given memory where it places some outputs itself.
      const results = await session.run(toTensors(feeds), [...Object.keys(into), ...kept]).catch(explained)
      for (const [name, { data }] of Object.entries(into)) {
        ;(data as Float32Array).set(results[name].data as Float32Array)
      }
      return Object.fromEntries(kept.map((name) => [name, keepTensor(results[name])]))
    },
    async close() {
      await session.release()
    },
  }
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}

function toHalfTensor(runtime: Runtime, { data, shape }: NdArray): RuntimeTensor {
  return new runtime.Tensor('float16', narrowHalf(data as Float32Array), shape)
}

function readPort(port: InferenceSession.ValueMetadata): Port {
  if (!port.isTensor)
    throw new EngineError({ where: `'${port.name}'`, expected: 'a tensor', got: 'another type' })
  if (port.type === 'float16') return { name: port.name, dtype: 'f32', isHalf: true, shape: port.shape }
  return { name: port.name, dtype: readDtype(port.name, port.type), shape: port.shape }
}

function keepTensor(tensor: RuntimeTensor): DeviceArray {
  return { shape: tensor.dims, handle: tensor }
}

function fromTensor(tensor: RuntimeTensor): NdArray {
  if (tensor.type === 'float16') {
    const { buffer, byteOffset, length } = tensor.data as Uint16Array<ArrayBuffer>
    return ndarray('f32', tensor.dims, widenHalf(new Uint16Array(buffer, byteOffset, length)))
  }
  const dtype = readDtype('output', tensor.type)
  return ndarray(dtype, tensor.dims, tensor.data as NdArray['data'])
}

function readDtype(where: string, type: string): Dtype {
  const dtype = (Object.keys(runtimeTypes) as Dtype[]).find((name) => runtimeTypes[name] === type)
  if (dtype) return dtype
  throw new EngineError({ where: `'${where}'`, expected: Object.keys(runtimeTypes).join(', '), got: type })
}
