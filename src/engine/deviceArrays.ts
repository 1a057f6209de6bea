// Reading arrays back from a device: through a graph that gives each as it is, with outputs in the processor's memory.
// (A tensor's own getData crashes in ONNX Runtime 1.30 under Node.)

import { type NdArray, sizeOf } from '../base/index.ts'
import { add, emitModel, input } from '../graph/index.ts'
import { openSession } from './node.ts'
import type { DeviceArray, SessionOptions } from './session.ts'

/** Copies of float32 arrays that lie on a device. */
export async function readDeviceArrays(
  arrays: Readonly<Record<string, DeviceArray>>,
  { provider, threads }: Pick<SessionOptions, 'provider' | 'threads'>,
): Promise<Record<string, NdArray<'f32'>>> {
  const names = Object.keys(arrays).filter((name) => sizeOf(arrays[name].shape) > 0)
  if (names.length === 0) return {}
  const outputs = names.map((name) => [`read/${name}`, add(input(name, [...arrays[name].shape]), 0)])
  const session = await openSession(emitModel(Object.fromEntries(outputs)), { provider, threads })
  try {
    const read = await session.run(Object.fromEntries(names.map((name) => [name, arrays[name]])))
    return Object.fromEntries(names.map((name) => [name, read[`read/${name}`] as NdArray<'f32'>]))
  } finally {
    await session.close()
  }
}
