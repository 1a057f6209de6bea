// A pipeline of a known form whose weights are drawn at random: stain, ViT, head, as `eosin export` writes them. For tests and
// figures that do not depend on what a model has learnt.

import { writeFile } from 'node:fs/promises'
import { f32, openRandom } from '../src/base/index.ts'
import { openExtractorGraph } from '../src/embed/index.ts'
import { pipelineVersion } from '../src/export/browser.ts'
import { writePipeline } from '../src/export/index.ts'
import { add, constant, emitModel, input, matmul, sigmoid } from '../src/graph/index.ts'
import { classicalMethods } from '../src/stain/browser.ts'

/** What the pipeline is made of. */
export interface RandomPipeline {
  /** As a recipe names it, e.g. `vit:recipes/models/small-vit.json`. */
  readonly extractor: string
  /** Length of its embeddings. */
  readonly width: number
  readonly stain: 'none' | 'macenko'
  /** Side of the patches in pixels. */
  readonly side: number
}

/** Writes the pipeline to `path`. The same parts give the same bytes. */
export async function writeRandomPipeline(path: string, parts: RandomPipeline): Promise<void> {
  const { extractor: name, width, stain, side } = parts
  const extractor = await openExtractorGraph(name, { weights: 'random', resize: 98, crop: false })
  const method = classicalMethods[stain]
  const fit = await method.fit((async function* () {})(), method.defaults as never)
  const entry = {
    name: stain,
    label: stain,
    options: method.defaults,
    reference: 'published',
    fallback: 'none',
  }
  const random = openRandom(0, 'random pipeline')
  const weights = Float32Array.from({ length: width }, () => random.normal() / Math.sqrt(width))
  const embedding = input('embedding', ['n', width])
  const logit = add(
    matmul(embedding, constant(f32([width, 1], weights))),
    constant(f32([1], new Float32Array(1))),
  )
  const head = emitModel({ probability: sigmoid(logit) }, { name: 'head', inputs: [embedding] })
  const { patches, probability } = writePipeline({
    model: { stain: entry as never, fit: fit as never, head: 'mlp' },
    extractor,
    heads: [{ 'head.onnx': head }],
    height: side,
    width: side,
  })
  const metadata = {
    'eosin.pipeline': pipelineVersion,
    'eosin.version': '0.1.0',
    model: `${stain}/${name}/mlp`,
    run: 'random weights',
    stain,
    threshold: '0.5',
    data_origin: 'synthetic',
    intended_use: 'Tests of the program. Its output says nothing about patients.',
    centers_trained_on: '["0","3","4"]',
    weights_licence: 'none',
  }
  await writeFile(path, emitModel({ probability }, { name: 'pipeline', inputs: [patches], metadata }))
}
