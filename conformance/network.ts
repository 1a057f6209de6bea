// What checks of networks share: a checkpoint's parameters.

import type { NdArray } from '../src/base/index.ts'
import { openCheckpoint, openParams } from '../src/weights/index.ts'

/** Parameters by name. */
export type Params = Readonly<Record<string, NdArray<'f32'>>>

/** Every parameter of `card`'s model in a checkpoint. */
export async function readParams(path: string, card: Parameters<typeof openParams>[1]): Promise<Params> {
  const checkpoint = await openCheckpoint(path)
  try {
    const file = openParams(checkpoint, card)
    const params: Record<string, NdArray<'f32'>> = {}
    for (const name of Object.keys(file.shapes)) params[name] = await file.read(name)
    return params
  } finally {
    await checkpoint.close()
  }
}
