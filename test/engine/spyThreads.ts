// Watches what ONNX Runtime is asked for: with how many threads each session is opened.

import * as runtime from 'onnxruntime-node'
import { vi } from 'vitest'

/** The number of threads of every session that is opened from now on, in order; undefined where none was asked for. */
export function spyThreads(): (number | undefined)[] {
  const threads: (number | undefined)[] = []
  const { create } = runtime.InferenceSession
  const watched = (...args: unknown[]) => {
    threads.push((args[1] as runtime.InferenceSession.SessionOptions).intraOpNumThreads)
    return (create as (...args: unknown[]) => ReturnType<typeof create>).apply(runtime.InferenceSession, args)
  }
  vi.spyOn(runtime.InferenceSession, 'create').mockImplementation(watched as typeof create)
  return threads
}
