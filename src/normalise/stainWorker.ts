// A worker thread's side of normalising a whole set: pixels come and go in shared memory.

import { pickNamed, pixels } from '../base/index.ts'
import {
  type ApplyContext,
  type StainFit,
  type StainMethod,
  stainMethods,
  type Verdict,
} from '../stain/index.ts'

/** Some patches of one size in shared memory: read from `data`, written to `out`. */
export interface StainTask {
  readonly method: string
  readonly options: unknown
  readonly fit: StainFit
  readonly context: ApplyContext<StainFit>
  readonly data: Uint8Array
  readonly out: Uint8Array
  readonly count: number
  readonly height: number
  readonly width: number
}

/** What became of the patches of a task. */
export interface StainAnswer {
  readonly verdicts: readonly Verdict[]
  readonly reasons: readonly (string | null)[]
}

/** What the worker pool calls. */
export async function runTask(task: StainTask): Promise<StainAnswer> {
  const method = pickNamed('stain', stainMethods, task.method) as unknown as StainMethod<unknown, StainFit>
  const batch = pixels(task.data, task.count, task.height, task.width)
  const { out } = task
  const {
    pixels: after,
    verdicts,
    reasons,
  } = await method.apply(batch, task.fit, task.options, {
    ...task.context,
    out,
  })
  if (after.data !== out) out.set(after.data)
  return { verdicts, reasons }
}
