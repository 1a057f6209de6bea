// The engine under Node: the only importer of onnxruntime-node. The library is loaded at the first session,
// so commands that run no graph start fast.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describeCause, EngineError, pickNamed } from '../base/index.ts'
import { missingProvider, type ProviderChoice, type ProviderName, providers } from './providers.ts'
import { placeOutputs, type RuntimeSession, wrapSession } from './runtimeSession.ts'
import type { Session, SessionOptions } from './session.ts'

type Runtime = typeof import('onnxruntime-node')

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
  return wrapSession(runtime, session, provider, options.kept ?? [])
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
  {
    threads,
    weightsFolder,
    spin = spins,
    kept = [],
    showPlacement = false,
    memoryPattern = true,
  }: SessionOptions,
): Promise<RuntimeSession> {
  const settings = {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    enableMemPattern: memoryPattern,
    logSeverityLevel: showPlacement ? 0 : 4, // errors are thrown, and told once
    ...(threads ? { intraOpNumThreads: threads } : {}),
    ...placeOutputs(kept),
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
