// The engine under Node: the only importer of onnxruntime-node. The library is loaded at the first session,
// so commands that run no graph start fast.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Dtype, describeCause, EngineError, type NdArray, ndarray, pickNamed } from '../base/index.ts'
import { narrowHalf, widenHalf } from '../formats/onnx/index.ts'
import { missingProvider, type ProviderChoice, type ProviderName, providers } from './providers.ts'
import type { DeviceArray, Feeds, Port, Session, SessionOptions } from './session.ts'

type Runtime = typeof import('onnxruntime-node')
type RuntimeSession = import('onnxruntime-node').InferenceSession
type RuntimeTensor = import('onnxruntime-node').Tensor

const runtimeTypes = {
  f32: 'float32',
  f64: 'float64',
  i32: 'int32',
  i64: 'int64',
  i8: 'int8',
  u8: 'uint8',
  bool: 'bool',
} as const satisfies Record<Dtype, string>

/**
 * Opens a model from its bytes, or from a file (needed where its weights lie beside it).
 * Throws EngineError where the model cannot be loaded or the provider is missing.
 */
export async function openSession(
  model: Uint8Array | string,
  options: SessionOptions = {},
): Promise<Session> {
  const runtime = await loadRuntime()
  const provider = chooseProvider(options.provider)
  const created = createRuntimeSession(runtime, model, provider, options)
  const session = await created.catch((cause: Error) => {
    if (provider !== 'cpu' && /provider|CUDA|WebGPU|Vulkan|adapter|device/i.test(cause.message))
      throw missingProvider(provider, cause)
    throw new EngineError(
      { where: typeof model === 'string' ? model : 'model', got: describeCause(cause) },
      cause,
    )
  })
  try {
    return wrapSession(runtime, session, provider, options.kept ?? [])
  } catch (error) {
    await session.release() // a model with an input or output of a type that is not fed
    throw error
  }
}

// ONNX Runtime writes an account of what it runs into the home folder, to be sent to its maker. Not from a hospital's
// machine, unless its user sets the variable to 0.
function loadRuntime(): Promise<Runtime> {
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  return import('onnxruntime-node')
}

/** The providers whose libraries are installed; a GPU provider can still fail where the driver is missing. */
export function listProviders(): ProviderName[] {
  const folder = join(libraryFolder(), 'bin', 'napi-v6', process.platform, process.arch)
  const hasCuda = existsSync(join(folder, 'libonnxruntime_providers_cuda.so'))
  const hasWebGpu = process.platform !== 'linux' || process.arch === 'x64'
  return [...(hasCuda ? (['cuda'] as const) : []), 'cpu', ...(hasWebGpu ? (['webgpu'] as const) : [])]
}

function libraryFolder(): string {
  return dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')))
}

/** The provider that a choice means here. Throws UnknownNameError for another name, EngineError where it is missing. */
export function chooseProvider(choice: ProviderChoice = 'auto'): ProviderName {
  if (choice === 'auto') return listProviders()[0]
  pickNamed('provider', providers, choice)
  if (!listProviders().includes(choice)) throw missingProvider(choice)
  return choice
}

/** What runs graphs, by name and version; numbers made by another are other numbers. */
export interface Engines {
  /** Of what uses the device that is asked for, e.g. `onnxruntime 1.30.0 cuda`. */
  readonly device: string
  /** Of what runs on the processor wherever it is asked to. */
  readonly processor: string
}

/** The engines that a choice of device means here. Throws as `chooseProvider` does. */
export function nameEngines(choice?: ProviderChoice): Engines {
  const name = `onnxruntime ${readRuntimeVersion()}`
  return { device: `${name} ${chooseProvider(choice)}`, processor: `${name} cpu` }
}

/** The version of ONNX Runtime, read without loading it. */
export function readRuntimeVersion(): string {
  const path = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

let spins = true

/** From now on threads of sessions do not spin while they wait, unless told to: other processes want the cores too. */
export function shareCores(): void {
  spins = false
}

function createRuntimeSession(
  runtime: Runtime,
  model: Uint8Array | string,
  provider: ProviderName,
  { threads, weightsFolder, spin = spins, kept = [], showPlacement = false }: SessionOptions,
): Promise<RuntimeSession> {
  const settings = {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: showPlacement ? 0 : 4, // errors are thrown, and told once
    ...(threads ? { intraOpNumThreads: threads } : {}),
    ...(kept.length > 0 ? { preferredOutputLocation: placeOutputs(kept) } : {}),
    extra: {
      session: {
        intra_op: { allow_spinning: spin ? '1' : '0' },
        ...(weightsFolder !== undefined && { model_external_initializers_file_folder_path: weightsFolder }),
      },
    },
  } as const
  return typeof model === 'string'
    ? runtime.InferenceSession.create(model, settings)
    : runtime.InferenceSession.create(model, settings)
}

function placeOutputs(kept: readonly string[]): Record<string, 'gpu-buffer'> {
  return Object.fromEntries(kept.map((name) => [name, 'gpu-buffer']))
}

function wrapSession(
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

function readPort(port: import('onnxruntime-node').InferenceSession.ValueMetadata): Port {
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
