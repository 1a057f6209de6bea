// The engine in a browser: sessions on ONNX Runtime's web build, and what needs no runtime.

export { type KernelMemory, openKernelMemory } from './kernel.ts'
export {
  type DevicePart,
  describeIdle,
  type ProviderChoice,
  type ProviderName,
  providers,
} from './providers.ts'
export type { Arrays, DeviceArray, Feeds, Port, Session, SessionOptions } from './session.ts'
export {
  chooseProvider,
  countThreads,
  listProviders,
  openSession,
  type RuntimeFiles,
  type WebSessionOptions,
  warmRuntime,
} from './web.ts'
