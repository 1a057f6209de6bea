// Larger models at full size with made-up weights: images a second, peak memory, and what share of the matmul ceiling
// they reach; and how long a file of 1.2 GB takes from opening to the first embedding.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sizeOf } from '../src/base/index.ts'
import { input, type Value } from '../src/graph/index.ts'
import { davit, vit } from '../src/models/index.ts'
import { inferencePass } from '../src/nn/index.ts'
import { catalog, type ModelCard, type ModelName } from '../src/weights/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { gigaflops, timeProduct } from './gemm.ts'
import { writeModelWeights } from './modelWeights.ts'

interface Measured {
  readonly opened: number
  readonly first: number
  readonly seconds: readonly number[]
  /** Highest resident memory, and what JavaScript held at the end, in MB. */
  readonly peak: number
  readonly javascript: number
}

const embedCase = (name: string, model: ModelName, side: number): BenchCase => ({
  name,
  about: `images/s of ${model} at ${side} pixels and full size, its memory, and its share of the matmul ceiling`,
  run: ({ repeats, quick }) =>
    withWeights(model, async function* (weights) {
      for (const threads of quick ? [2] : [1, 2]) {
        const { seconds, peak } = await measure(model, weights, threads, quick ? 1 : repeats)
        const rate = gigaflops / Math.min(...(await timeProduct(threads)))
        const line = { case: name, threads, unit: 'images' }
        const eosin = describe(seconds)
        const ceiling = describe([countGigaflops(catalog[model], side) / rate])
        yield {
          ...line,
          ...eosin,
          peer: `eosin, ${share(ceiling.best_s / eosin.best_s)} of the ceiling`,
          peak_rss_mb: peak,
        }
        yield { ...line, ...ceiling, peer: 'the ceiling, as gemm runs' }
      }
    }),
})

/** `embed-vitb14-224`, `embed-vitl14-224`, `embed-medimageinsight-480`, `open-vitl14`. */
export const embedModels: readonly BenchCase[] = [
  embedCase('embed-vitb14-224', 'dinov2-base', 224),
  embedCase('embed-vitl14-224', 'dinov2-large', 224),
  embedCase('embed-medimageinsight-480', 'medimageinsight', 480),
  {
    name: 'open-vitl14',
    about: 'from opening a safetensors file of 1.2 GB to the first embedding: time and memory',
    run: ({ quick, repeats }) =>
      withWeights('dinov2-large', async function* (weights) {
        const line = { case: 'open-vitl14', threads: 2, unit: 'openings' }
        for (let i = 0; i < (quick ? 1 : repeats); i++) {
          const { opened, first, peak, javascript } = await measure('dinov2-large', weights, 2, 0)
          const { size } = await stat(weights)
          const peer = `eosin: ${(size / 1e9).toFixed(2)} GB, ${opened.toFixed(1)} s of it hashing and checking, ${Math.round(javascript)} MB in JavaScript`
          yield { ...line, ...describe([first]), peer, peak_rss_mb: peak }
        }
        const start = performance.now()
        await readFile(weights)
        yield { ...line, ...describe([(performance.now() - start) / 1000]), peer: 'reading the file alone' }
      }),
  },
]

async function* withWeights(
  model: ModelName,
  use: (path: string) => AsyncGenerator<BenchLine>,
): AsyncGenerator<BenchLine> {
  const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-model-'))
  try {
    const path = join(folder, 'model.safetensors')
    await writeModelWeights(path, model)
    yield* use(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function measure(model: ModelName, weights: string, threads: number, repeats: number): Promise<Measured> {
  const extension = extname(fileURLToPath(import.meta.url))
  const child = fileURLToPath(new URL(`./embedModelChild${extension}`, import.meta.url))
  const args = [...process.execArgv, child, model, weights, `${threads}`, `${repeats}`]
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  started.stdout.on('data', (part) => (text += part))
  return new Promise((resolve, reject) => {
    started.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as Measured)
      else reject(new Error(`${child}: exit code ${code}`))
    })
  })
}

function describe(seconds: readonly number[]): Pick<BenchLine, 'median_s' | 'best_s' | 'per_s'> {
  const sorted = seconds.toSorted((a, b) => a - b)
  const median = sorted[sorted.length >> 1]
  return { median_s: median, best_s: sorted[0], per_s: 1 / median }
}

const share = (value: number) => value.toFixed(2)

/** Thousand million multiplications and additions of the matrix products and convolutions of one image's embedding. */
function countGigaflops({ architecture }: ModelCard, side: number): number {
  const model = architecture.family === 'vit' ? vit(architecture) : davit(architecture)
  const params = Object.fromEntries(
    Object.entries(model.params).map(([name, { shape }]) => [name, input(name, shape)]),
  )
  const images = input('images', [1, 3, side, side])
  const embedding =
    'writeClassToken' in model
      ? model.writeClassToken(params, images)
      : model.apply(params, images, inferencePass)
  const seen = new Set<Value>()
  const waiting: Value[] = [embedding]
  let operations = 0
  for (let value = waiting.pop(); value; value = waiting.pop()) {
    if (seen.has(value)) continue
    seen.add(value)
    waiting.push(...value.inputs)
    operations += countOperations(value)
  }
  return operations / 1e9
}

function countOperations({ op, inputs, attributes, shape }: Value): number {
  if (op === 'conv') return 2 * sizeOf(shape as number[]) * sizeOf((inputs[1].shape as number[]).slice(1))
  if (op !== 'matmul') return 0
  const { transposeA } = attributes as { transposeA: boolean }
  return 2 * sizeOf(shape as number[]) * Number(inputs[0].shape.at(transposeA ? -2 : -1))
}
