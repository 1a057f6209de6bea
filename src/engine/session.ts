// A session: one ONNX model ready to run. What a session is, whatever runtime is behind it.

import type { Dtype, NdArray } from '../base/index.ts'
import type { ProviderChoice, ProviderName } from './providers.ts'

/** How a session is opened. */
export interface SessionOptions {
  /** Where it runs; `auto` (default) takes the first available of cuda, cpu. */
  readonly provider?: ProviderChoice
  /** Threads of the CPU provider within one op; default: one a core. Results do not depend on it. */
  readonly threads?: number
  /** The folder of the files that hold a model's weights, where the model itself is given as bytes. */
  readonly weightsFolder?: string
  /** Spin while waiting for the next op (faster, burns a core); default true, but false after `shareCores`. */
  readonly spin?: boolean
  /**
   * Lay all of a run's memory out as one block by what the run before it needed, on the processor; default true. Without it a
   * large training step needs a third less memory.
   */
  readonly memoryPattern?: boolean
  /** Have the runtime log to stderr which provider computes which node; default false. */
  readonly showPlacement?: boolean
  /** Outputs that stay in the device's memory (webgpu): a run gives handles for them, to be fed to another run. */
  readonly kept?: readonly string[]
}

/** An array in a device's memory. */
export interface DeviceArray {
  readonly shape: readonly number[]
  /** The runtime's own tensor. */
  readonly handle: { dispose(): void }
}

/** Arrays to be fed, wherever they lie. */
export type Feeds = Readonly<Record<string, NdArray | DeviceArray>>

/** An input or output of a model; a side that varies is named. */
export interface Port {
  readonly name: string
  readonly dtype: Dtype
  /** The model holds it in half precision (float16): it is fed and given as float32 nevertheless. */
  readonly isHalf?: boolean
  readonly shape: readonly (number | string)[]
}

/** Arrays by the name of the input or output. */
export type Arrays = Readonly<Record<string, NdArray>>

/** An open model. The same model, inputs and provider give the same bits. */
export interface Session {
  readonly provider: ProviderName
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /**
   * Runs the model once. Where `into` is given, exactly those outputs are computed, into their memory; else all,
   * into new arrays. Throws EngineError for a missing or misshapen input.
   */
  run(feeds: Feeds, into?: Arrays): Promise<Arrays>
  /** As run with `into`, for a session that keeps outputs: gives their handles, which the caller disposes of. */
  runKept(feeds: Feeds, into: Arrays): Promise<Record<string, DeviceArray>>
  close(): Promise<void>
}
