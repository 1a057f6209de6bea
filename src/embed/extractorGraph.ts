// Extractors as graphs from images to embeddings: what an exported pipeline is composed of.

import { UsageError } from '../base/index.ts'
import { constant } from '../graph/index.ts'
import {
  type ModelCard,
  openModelCheckpoint,
  openParams,
  readNamedCard,
  splitModelName,
} from '../weights/index.ts'
import type { ExtractorGraph } from './embeddingGraph.ts'
import { type ModelOptions, modelDefaults, planModel } from './model/modelOptions.ts'
import { readWeights, writeEmbedding } from './model/network.ts'
import { openOnnxGraph } from './onnx/onnxGraph.ts'
import { onnxDefaults } from './onnx/onnxOptions.ts'
import { viewDefaults } from './views.ts'

/**
 * The extractor `name` (as a recipe writes it) with complete `options`, as a graph with its weights. Throws
 * UsageError for an extractor that is no network, and what opening throws for a file that is not right.
 */
export async function openExtractorGraph(
  name: string,
  { views = viewDefaults.views, pretraining: _, ...options }: Readonly<Record<string, unknown>>,
): Promise<ExtractorGraph> {
  return { ...(await openSingle(name, options)), views: views as number }
}

// Of one view of a patch.
async function openSingle(
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<Omit<ExtractorGraph, 'views'>> {
  const { family, path } = splitModelName(name)
  if (family === 'onnx') return openOnnxGraph(path, { ...onnxDefaults, ...options })
  const card = await readNamedCard(name)
  if (card) return openModelGraph(name, card, { ...modelDefaults, ...options })
  throw new UsageError({
    where: `extractor ${name}`,
    expected: 'a network: a known model, vit:CARD.json, davit:CARD.json or onnx:PATH',
    got: 'features that are measured outside of a graph',
    hint: 'predict with the run instead: eosin predict PATCHES --run RUN',
  })
}

async function openModelGraph(
  name: string,
  card: ModelCard,
  options: ModelOptions,
): Promise<Omit<ExtractorGraph, 'views'>> {
  const plan = planModel(name, card, options)
  const checkpoint = await openModelCheckpoint(name, card, options)
  try {
    const params = openParams(checkpoint, { ...card, architecture: plan.architecture })
    const { architecture, weights } = await readWeights(plan, params)
    const values = Object.fromEntries(Object.entries(weights).map(([key, array]) => [key, constant(array)]))
    return {
      transform: plan.transform,
      // In 8 bits a run's activations are rounded together: an embedding must not depend on other patches.
      batch: plan.precision === 'int8' ? 1 : null,
      card,
      write: (images) => writeEmbedding({ ...plan, architecture }, values, images),
    }
  } finally {
    await checkpoint.close()
  }
}
