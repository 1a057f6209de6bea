// What every command with --device does first.

import type { DevicePart, ProviderChoice } from '../engine/index.ts'
import { sayNote } from './terminal.ts'

/**
 * Tries the GPU that was asked for, and says which parts of the work run on the processor all the same. Throws EngineError
 * where it is not there or does not compute.
 */
export async function checkDevice(device: string, listParts: () => readonly DevicePart[]): Promise<void> {
  if (device === 'auto' || device === 'cpu') return
  const { describeIdle, requireProvider } = await import('../engine/index.ts')
  await requireProvider(device as ProviderChoice)
  const idle = describeIdle(device as ProviderChoice, listParts())
  if (idle) sayNote(idle)
}
