// A known model as a graph from images to embeddings, and as a session that runs it.

import { type NdArray, UsageError } from '../../base/index.ts'
import { openSession, type Session, type SessionOptions, stableOptions } from '../../engine/index.ts'
import { constant, emitModel, flatten, input, type Value } from '../../graph/index.ts'
import {
  davit,
  foldLayerScale,
  poolTokens,
  quantizeLinear,
  type VitArchitecture,
  vit,
} from '../../models/index.ts'
import { inferencePass, type ParamValues } from '../../nn/index.ts'
import type { Params } from '../../weights/index.ts'
import type { ModelPlan } from './modelOptions.ts'
import { placeWeights } from './placedWeights.ts'

/** A network ready for images of one size. */
export interface Network {
  /** Embeddings [batch, dimensions] of images [batch, 3, height, width]. */
  run(images: NdArray<'f32'>): Promise<NdArray>
  close(): Promise<void>
}

// Above this, weights are not written into the model: they would be copied several times over, and a model file ends at
// 2 GiB. They stay in their file where they can, else they are fed, which costs a few percent of speed: fed weights
// cannot be laid out beforehand.
const largestWritten = 512 * 2 ** 20

/** The length of an embedding. Throws UsageError for tokens of images whose size is not known. */
export function countDimensions(plan: ModelPlan, sides: readonly [number, number] | null): number {
  const { architecture, pooling } = plan
  if (architecture.family === 'davit') return architecture.projection
  if (typeof pooling === 'number') {
    if (sides) return countTokens(architecture, sides) * architecture.width
    throw new UsageError({ where: 'extractor trunk', expected: 'images of one size', hint: 'set resize' })
  }
  return pooling === 'cls+mean' ? 2 * architecture.width : architecture.width
}

function countTokens(vit: VitArchitecture, [height, width]: readonly [number, number]): number {
  return 1 + vit.registers + (height / vit.patchSize) * (width / vit.patchSize)
}

/** Throws ShapeError where the network cannot take images of these sides. */
export function checkSides(plan: ModelPlan, sides: readonly [number, number]): void {
  const model = plan.architecture.family === 'vit' ? vit(plan.architecture) : davit(plan.architecture)
  const values = Object.entries(model.params).map(([name, { shape }]) => [name, input(name, shape)] as const)
  writeEmbedding(plan, Object.fromEntries(values), input('images', [1, 3, ...sides]))
}

/** Opens a session for batches of images of these sides; weights are left in their file where they can be. */
export async function openNetwork(
  plan: ModelPlan,
  params: Params,
  [height, width]: readonly [number, number],
  options: SessionOptions,
): Promise<Network> {
  const batch = plan.batch ?? chooseBatch(plan, height, width)
  const x = input('images', [batch, 3, height, width])
  const placed = plan.precision === 'fp32' ? await placeWeights(plan, params) : null
  const { architecture, values, arrays } = placed ?? (await writeWeights(plan, params))
  const embedding = writeEmbedding({ ...plan, architecture }, values, x)
  const model = emitModel({ embedding }, { inputs: [x], placed: placed?.placed })
  const session = await openSession(model, {
    ...stableOptions({ embedding }, options),
    weightsFolder: placed?.folder,
  })
  const fed = pickFed(session, arrays)
  return {
    run: async (images) => (await session.run({ images, ...fed })).embedding,
    close: () => session.close(),
  }
}

/** Images to a run: a power of two, so that batches of the patches' readers divide into runs without a rest. */
export function chooseBatch({ architecture }: ModelPlan, height: number, width: number): number {
  if (architecture.family === 'davit') return 1
  const tokens = (height * width) / architecture.patchSize ** 2
  return 2 ** Math.max(0, Math.floor(Math.log2(520 / tokens)))
}

type Weights = Readonly<Record<string, NdArray>>

/** Reads the weights, layer scale folded into them; the architecture that is left has none. */
export async function readWeights(
  { architecture, precision }: Pick<ModelPlan, 'architecture' | 'precision'>,
  params: Params,
): Promise<{ architecture: ModelPlan['architecture']; weights: Weights }> {
  const read: Record<string, NdArray<'f32'>> = {}
  for (const name of Object.keys(params.shapes)) read[name] = await params.read(name)
  const folded =
    architecture.family === 'davit' ? { architecture, params: read } : foldLayerScale(architecture, read)
  return {
    architecture: folded.architecture,
    weights: precision === 'int8' ? quantizeLinear(folded.params) : folded.params,
  }
}

// Weights as graph values: written into the model, or inputs where they are too large for that.
async function writeWeights(plan: ModelPlan, params: Params) {
  const { architecture, weights } = await readWeights(plan, params)
  const bytes = Object.values(weights).reduce((sum, { data }) => sum + data.byteLength, 0)
  const isFed = bytes > largestWritten
  const values = Object.entries(weights).map(
    ([name, array]) => [name, isFed ? input(name, array.shape, array.dtype) : constant(array)] as const,
  )
  return { architecture, values: Object.fromEntries(values), arrays: weights }
}

function pickFed(session: Session, weights: Weights): Record<string, NdArray> {
  const names = session.inputs.map(({ name }) => name).filter((name) => name in weights)
  return Object.fromEntries(names.map((name) => [name, weights[name]]))
}

/** Writes embeddings [batch, dimensions] of images [batch, 3, height, width], whose batch may be named. */
export function writeEmbedding(
  { architecture, pooling }: Pick<ModelPlan, 'architecture' | 'pooling'>,
  values: ParamValues,
  images: Value,
): Value {
  if (architecture.family === 'davit') return davit(architecture).apply(values, images, inferencePass)
  const model = vit(architecture)
  if (pooling === 'cls') return model.writeClassToken(values, images)
  const { tokens, tokensIn, blocks } = model.write(values, images)
  if (typeof pooling === 'number') {
    const before = architecture.depth - pooling
    return flatten(before === 0 ? tokensIn : blocks[before - 1])
  }
  return poolTokens(tokens, {
    pooling: pooling === 'image' ? 'cls' : pooling,
    prefixTokens: model.prefixTokens,
  })
}
