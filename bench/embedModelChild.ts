// What the cases of large models measure, in a process of its own so that its memory is its own.
// usage: node embedModelChild.js MODEL WEIGHTS THREADS REPEATS. Prints one JSON line.

import { openRandom, pixels } from '../src/base/index.ts'
import { openExtractor } from '../src/embed/index.ts'

const [model, weights, threads, repeats] = process.argv.slice(2)
const count = 2
const random = openRandom(0, 'bench patches')
const data = Uint8Array.from({ length: count * 96 * 96 * 3 }, () => random.integer(256))
const batch = pixels(data, count, 96, 96)
const secondsSince = (start: number) => (performance.now() - start) / 1000

const started = performance.now()
const extractor = await openExtractor({ name: model, weights }, { device: 'cpu', threads: Number(threads) })
const opened = secondsSince(started)
await extractor.embed({ ...batch, count: 1, data: data.subarray(0, 96 * 96 * 3) })
const first = secondsSince(started)
const seconds: number[] = []
for (let i = 0; i < Number(repeats); i++) {
  const start = performance.now()
  await extractor.embed(batch)
  seconds.push(secondsSince(start) / count)
}
const { heapUsed, arrayBuffers } = process.memoryUsage()
await extractor.close()
const peak = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ opened, first, seconds, peak, javascript: (heapUsed + arrayBuffers) / 1e6 }))
