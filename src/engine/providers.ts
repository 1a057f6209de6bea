// Which devices can run a graph, by ONNX Runtime's execution providers.

import { describeCause, EngineError } from '../base/index.ts'

/** What each provider is and how one gets it. */
export const providers = {
  cpu: { about: 'the processor; always there', hint: 'reinstall onnxruntime-node' },
  cuda: {
    about: 'an NVIDIA GPU, on Linux x64',
    hint: 'install the CUDA libraries of onnxruntime-node (docs/engine.md) or use the cpu provider',
  },
  webgpu: {
    about: 'any GPU with Vulkan, Metal or Direct3D 12',
    hint: 'install a Vulkan driver (libvulkan1 and one for the GPU) or use the cpu provider',
  },
} as const

/** A provider's name. */
export type ProviderName = keyof typeof providers

/** A provider, or `auto` for the first available of cuda, cpu. */
export type ProviderChoice = ProviderName | 'auto'

/** The error for a provider that could not be used. */
export function missingProvider(name: ProviderName, cause?: unknown): EngineError {
  const reason = cause === undefined ? 'not available here' : shorten(describeCause(cause))
  return new EngineError(
    { where: `provider ${name}`, expected: providers[name].about, got: reason, hint: providers[name].hint },
    cause,
  )
}

// Without the place in ONNX Runtime's source that its messages begin with.
function shorten(message: string): string {
  return message
    .replace(/^\/onnxruntime_src\/.* was false\. /, '')
    .replace(/^\[ONNXRuntimeError\].*? FAIL : /, '')
}

/** A part of some work, and whether it makes use of a device. */
export interface DevicePart {
  /** e.g. `extractor texture`. */
  readonly name: string
  readonly usesDevice: boolean
}

/** In a sentence, which parts do not use the GPU that was asked for; null where all do, or none was asked for. */
export function describeIdle(device: ProviderChoice, parts: readonly DevicePart[]): string | null {
  if (device === 'auto' || device === 'cpu') return null
  const idle = [...new Set(parts.filter(({ usesDevice }) => !usesDevice).map(({ name }) => name))]
  if (idle.length === 0) return null
  const places = `--device ${device}: ${idle.join(', ')} ${idle.length === 1 ? 'runs' : 'run'} on the processor`
  return parts.some(({ usesDevice }) => usesDevice) ? places : `${places}, and nothing here uses the device`
}
