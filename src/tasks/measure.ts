// What a piece of work cost: wall time and the highest resident memory seen while it ran.

/** Wall seconds and peak resident set size in MB (2^20 bytes). */
export interface Measured {
  readonly seconds: number
  readonly peakRssMb: number
}

/** What an entry of the cache cost. Entries that an older Eosin made say seconds and memory only. */
export interface EntryCost extends Measured {
  /** How many patches or rows it was made from; null where its maker did not say. */
  readonly items?: number | null
  /** On how many threads; null where its maker did not say. */
  readonly threads?: number | null
  readonly host?: string
  /** The size of its files. */
  readonly bytes?: number
  /** An earlier process had begun it: seconds are those of the rest. */
  readonly resumed?: true
}

/** Runs `work`, sampling memory every 100 ms (a synchronous run in between is sampled at its end). */
export async function measure(work: () => Promise<void>): Promise<Measured> {
  let peak = process.memoryUsage.rss()
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const timer = setInterval(sample, 100)
  const start = performance.now()
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  sample()
  return { seconds: (performance.now() - start) / 1000, peakRssMb: Math.round(peak / 2 ** 20) }
}
