// Maps of embeddings are laid out in worker threads, once; whoever asks meanwhile is told how far they are.

import { MessageChannel } from 'node:worker_threads'
import { openWorkers, type Workers } from '../engine/index.ts'
import type { EmbeddingMap, MapProgress } from './api.ts'
import type { MapPlaces, MapTask } from './mapWorker.ts'

const keptAtMost = 16
const threads = 2
// So long (ms) an answer waits for a map that may soon be there.
const patience = 400

/** What there is to lay out. */
export interface MapOrder extends Pick<MapTask, 'method' | 'values' | 'columns'> {
  /** The rest of the map. */
  readonly facts: Omit<EmbeddingMap, 'x' | 'y' | 'explained'>
}

/** The maps of a server. */
export interface Maps {
  /** The map of that key, or how far it is; `order` is called for the first one who asks. Throws what made it fail. */
  find(key: string, order: () => Promise<MapOrder>): Promise<EmbeddingMap | MapProgress>
  close(): Promise<void>
}

interface Job {
  readonly map: Promise<EmbeddingMap>
  progress: MapProgress
}

/** Opens threads at the first map. */
export function openMaps(): Maps {
  const jobs = new Map<string, Job>()
  let workers: Workers<MapTask, MapPlaces> | null = null
  const begin = (order: () => Promise<MapOrder>): Job => {
    const job: Job = {
      map: order().then((own) => {
        workers ??= openWorkers(new URL('./mapWorker.ts', import.meta.url), { threads })
        return layOutIn(workers, own, (progress) => {
          job.progress = progress
        })
      }),
      progress: { what: 'Reading embeddings', done: 0, total: 1, unit: 'matrix' },
    }
    job.map.catch(() => {}) // told to whoever asks next
    return job
  }
  return {
    async find(key, order) {
      const job = jobs.get(key) ?? begin(order)
      jobs.delete(key) // the last one asked for comes last
      jobs.set(key, job)
      for (const old of [...jobs.keys()].slice(0, Math.max(0, jobs.size - keptAtMost))) jobs.delete(old)
      let timer: NodeJS.Timeout | undefined
      const later = new Promise<null>((done) => {
        timer = setTimeout(done, patience, null)
      })
      try {
        return (await Promise.race([job.map, later])) ?? job.progress
      } catch (cause) {
        jobs.delete(key)
        throw cause
      } finally {
        clearTimeout(timer)
      }
    },
    close: async () => workers?.close(),
  }
}

async function layOutIn(
  workers: Workers<MapTask, MapPlaces>,
  { facts, ...task }: MapOrder,
  onProgress: (progress: MapProgress) => void,
): Promise<EmbeddingMap> {
  const { port1, port2: port } = new MessageChannel()
  port1.on('message', onProgress)
  try {
    const transfer = [port, task.values.buffer as ArrayBuffer]
    const { places, explained } = await workers.run({ ...task, port }, transfer)
    const axis = (first: number) => Float32Array.from(facts.row, (_, i) => places[2 * i + first])
    return { ...facts, explained, x: axis(0), y: axis(1) }
  } finally {
    port1.close()
  }
}
