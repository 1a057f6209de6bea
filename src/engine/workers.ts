// A pool of worker threads for CPU work in TypeScript, over piscina (this file is its only importer).
// Threads load compiled JavaScript only: a `src/**/x.ts` URL, as seen under vitest, is run from `dist/**/x.js`.
// Worker modules reach it through the room's door too, which loads ONNX Runtime only at the first session.

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Transferable } from 'node:worker_threads'
import { move, Piscina } from 'piscina'
import { EngineError } from '../base/index.ts'

/** How a pool is opened. */
export interface WorkerOptions {
  /** Number of threads, at least 1; by default one for each processor. */
  threads?: number
  /** The exported function that runs a task; `runTask` by default. */
  exportName?: string
}

/** Threads that run tasks; tasks beyond the number of threads wait in order. */
export interface Workers<Task, Result> {
  readonly threads: number
  /** Runs one task; buffers in `transfer` move to the thread instead of being copied. */
  run(task: Task, transfer?: readonly Transferable[]): Promise<Result>
  /** Ends the threads; tasks still waiting are rejected. */
  close(): Promise<void>
}

/**
 * Opens threads that run `runTask(task)` of the module at `moduleUrl` (write `new URL('./x.ts', import.meta.url)`
 * from `.ts`; the suffix is mapped). Plain `.js` and `.mjs` modules outside `src` run as they are.
 * Throws EngineError where the compiled module is missing; a task that throws rejects with its own error.
 */
export function openWorkers<Task, Result>(
  moduleUrl: URL,
  options: WorkerOptions = {},
): Workers<Task, Result> {
  const filename = compiledPath(moduleUrl)
  const threads = Math.max(1, Math.floor(options.threads ?? availableParallelism()))
  const pool = new Piscina<Task, Result>({
    filename,
    name: options.exportName ?? 'runTask',
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
  })
  pool.on('error', () => {}) // a thread that dies rejects its task; without a listener it would end the process
  return {
    threads,
    run: (task, transfer = []) => pool.run(task, { transferList: [...transfer] }),
    close: () => pool.destroy(),
  }
}

/** Marks the array a worker returns to be moved to the caller instead of copied. */
export function moveResult<View extends ArrayBufferView>(view: View): View {
  return move(view) as View
}

/** The path of the compiled twin of a TypeScript module: `src/a/b.ts` -> `dist/a/b.js`. */
export function compiledPath(moduleUrl: URL): string {
  const path = fileURLToPath(moduleUrl)
  const twin = twinPath(path)
  if (!existsSync(twin)) {
    throw new EngineError({
      where: path,
      expected: `its compiled form ${twin}`,
      got: 'no such file',
      hint: 'npm run build',
    })
  }
  return twin
}

function twinPath(path: string): string {
  if (!path.endsWith('.ts')) return path
  const script = `${path.slice(0, -3)}.js`
  const marker = /([\\/])src([\\/])(?!.*[\\/]src[\\/])/
  return existsSync(script) ? script : script.replace(marker, '$1dist$2')
}
