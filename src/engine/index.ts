// The engine: runs ONNX graphs on the devices at hand.

export { answerTasks } from './answerTasks.ts'
export { readDeviceArrays } from './deviceArrays.ts'
export { openFastest } from './fastest.ts'
export { type KernelMemory, openKernelMemory } from './kernel.ts'
export {
  chooseProvider,
  type Engines,
  listProviders,
  nameEngines,
  openSession,
  readRuntimeVersion,
  shareCores,
} from './node.ts'
export { openProcesses, type Processes } from './processes.ts'
export {
  type DevicePart,
  describeIdle,
  type ProviderChoice,
  type ProviderName,
  providers,
} from './providers.ts'
export type { Arrays, DeviceArray, Feeds, Port, Session, SessionOptions } from './session.ts'
export { openSlots } from './slots.ts'
export { stableOptions } from './stableOptions.ts'
export { type DeviceTrial, requireProvider, tryProvider } from './trial.ts'
export { compiledPath, moveResult, openWorkers, type WorkerOptions, type Workers } from './workers.ts'
