// The engine in a browser: the only importer of onnxruntime-web. Of its two builds only the one that is used is loaded, at the
// first session: for the processor (WebAssembly SIMD, with threads where the page is isolated) or for WebGPU. The latter is the
// default build, since the processor's part of the build `onnxruntime-web/webgpu` 1.30 has no float64, which pipelines need.

import { describeCause, EngineError, f32, pickNamed } from '../base/index.ts'
import { add, emitModel, input } from '../graph/index.ts'
import { missingProvider, type ProviderChoice, type ProviderName, providers } from './providers.ts'
import { placeOutputs, wrapSession } from './runtimeSession.ts'
import type { Session, SessionOptions } from './session.ts'

type Runtime = typeof import('onnxruntime-web/wasm')

/** Where the files of a build of ONNX Runtime lie, as addresses. */
export interface RuntimeFiles {
  readonly mjs: string
  readonly wasm: string
}

/** How a session is opened in a browser. */
export interface WebSessionOptions
  extends Pick<SessionOptions, 'provider' | 'threads' | 'kept' | 'showPlacement'> {
  /** Where the runtime's files lie; by default beside its script, as bundlers place them. */
  readonly files?: Readonly<Partial<Record<ProviderName, RuntimeFiles>>>
}

// The parts of a browser that are used here: neither ES2023 nor @types/node declare them.
interface Browser {
  readonly crossOriginIsolated?: boolean
  readonly navigator?: {
    readonly hardwareConcurrency?: number
    readonly gpu?: { requestAdapter(): Promise<Adapter | null> }
  }
}
interface Adapter {
  readonly isFallbackAdapter?: boolean
  readonly info?: { readonly isFallbackAdapter?: boolean }
}

const browser = globalThis as unknown as Browser

/**
 * Opens a model from its bytes. `auto` is WebGPU where a GPU is there, else the processor. Throws EngineError where the model
 * cannot be loaded or the provider is missing.
 */
export async function openSession(model: Uint8Array, options: WebSessionOptions = {}): Promise<Session> {
  const provider = await chooseProvider(options.provider)
  const runtime = await loadRuntime(provider)
  const { files, kept = [], showPlacement = false } = options
  runtime.env.wasm.numThreads = countThreads(options.threads)
  const place = files?.[provider]
  if (place) runtime.env.wasm.wasmPaths = { mjs: place.mjs, wasm: place.wasm }
  const session = await runtime.InferenceSession.create(model, {
    executionProviders: [provider === 'webgpu' ? 'webgpu' : 'wasm'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: showPlacement ? 0 : 4, // errors are thrown, and told once
    ...placeOutputs(kept),
  }).catch((cause: Error) => {
    throw new EngineError({ where: 'model', got: describeCause(cause) }, cause)
  })
  return wrapSession(runtime, session, provider, kept)
}

/**
 * Loads the runtime of a provider and computes a small graph with it, so that later sessions need no network. Throws as
 * `openSession` does, and EngineError where it computes wrong values.
 */
export async function warmRuntime(options: WebSessionOptions = {}): Promise<ProviderName> {
  const port = input('x', [2])
  const session = await openSession(
    emitModel({ y: add(port, 1) }, { name: 'trial', inputs: [port] }),
    options,
  )
  const { y } = await session.run({ x: f32([2], new Float32Array([1, 2])) })
  await session.close()
  if (y.data[0] === 2 && y.data[1] === 3) return session.provider
  throw new EngineError({
    where: `provider ${session.provider}`,
    expected: '2, 3',
    got: `${y.data.join(', ')}`,
  })
}

function loadRuntime(provider: ProviderName): Promise<Runtime> {
  return provider === 'webgpu' ? import('onnxruntime-web') : import('onnxruntime-web/wasm')
}

/** The threads that a session on the processor takes: as many as asked for or as there are cores; one where memory cannot be shared. */
export function countThreads(threads = browser.navigator?.hardwareConcurrency ?? 1): number {
  return browser.crossOriginIsolated ? Math.max(1, threads) : 1
}

/**
 * The providers of this browser, the one that `auto` takes first. A GPU that is a program (SwiftShader) is slower than the
 * processor and stands behind it.
 */
export async function listProviders(): Promise<readonly ProviderName[]> {
  const adapter = await browser.navigator?.gpu?.requestAdapter().catch(() => null)
  if (!adapter) return ['cpu']
  return adapter.isFallbackAdapter || adapter.info?.isFallbackAdapter ? ['cpu', 'webgpu'] : ['webgpu', 'cpu']
}

/** The provider that a choice means here. Throws UnknownNameError for another name, EngineError where it is missing. */
export async function chooseProvider(choice: ProviderChoice = 'auto'): Promise<ProviderName> {
  const available = await listProviders()
  if (choice === 'auto') return available[0]
  pickNamed('provider', providers, choice)
  if (!available.includes(choice)) throw missingProvider(choice)
  return choice
}
