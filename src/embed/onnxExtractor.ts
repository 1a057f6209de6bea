// The extractor `onnx:PATH`: any image model in an ONNX file, run by the engine.

import { dirname, join } from 'node:path'
import { f32, type NdArray, pixels, ShapeError } from '../base/index.ts'
import type { Port } from '../engine/index.ts'
import { hashBytes } from '../formats/index.ts'
import { type ImageTransform, toTensor, transformPixels } from '../patches/index.ts'
import type { Extractor } from './extractor.ts'
import type { ExtractorMethod } from './extractorMethod.ts'
import { type ImageModel, openImageModel, openTrunkModel, pickOutput } from './onnx/imageModel.ts'
import {
  chooseTransform,
  type OnnxOptions,
  onnxDefaults,
  onnxRules,
  type Pooling,
} from './onnx/onnxOptions.ts'
import { choosePooling, pooledSize, poolOutput } from './onnx/pooling.ts'
import { readPreprocessorConfig } from './onnx/preprocessorConfig.ts'
import { openPreparation, type Preparation } from './preparation.ts'
import { openQueue } from './queue.ts'

// Raised when the same model and options give other embeddings.
const version = 1

/** The method behind `onnx:PATH`. */
export const onnxMethod: ExtractorMethod<OnnxOptions> = {
  about:
    'any image model in an ONNX file; preprocessing by option or from preprocessor_config.json beside it',
  takesPath: true,
  defaults: onnxDefaults,
  rules: onnxRules,
  async open(options, { device = 'auto', threads }, path) {
    const file = await readPreprocessorConfig(join(dirname(path), 'preprocessor_config.json'))
    const { output, trunk } = options
    const model =
      trunk === null
        ? await openImageModel(path, device, threads)
        : await openTrunkModel(path, { output, trunk }, device, threads)
    try {
      return await openOnnx(path, model, options, file, threads)
    } catch (error) {
      await model.session.close()
      throw error
    }
  },
}

/** All that decides an embedding, beside the pixels. */
interface Plan {
  readonly path: string
  readonly model: ImageModel
  readonly transform: ImageTransform
  readonly output: Port
  readonly pooling: Pooling
  readonly prefixTokens: number
  /** Patches to a run, and whether a run must be filled up to it. */
  readonly batch: number
}

async function openOnnx(
  path: string,
  model: ImageModel,
  options: OnnxOptions,
  file: ImageTransform | null,
  threads?: number,
): Promise<Extractor> {
  const { height, width } = model
  const sides = height !== null && width !== null ? { height, width } : null
  const transform = chooseTransform(options, file, sides, path)
  const isTrunk = options.trunk !== null
  const output = pickOutput(model, isTrunk ? null : options.output, path)
  const pooling = isTrunk ? 'output' : choosePooling(output, options.pooling, path)
  const { prefixTokens } = options
  const plan: Plan = {
    path,
    model,
    transform,
    output,
    pooling,
    prefixTokens,
    batch: model.batch ?? options.batch,
  }
  const dimensions = await probeDimensions(plan)
  const preparation = openPreparation(transform, model.session.provider === 'cpu' ? 1 : threads)
  const facts = {
    version,
    hash: model.hash,
    provider: model.session.provider,
    transform,
    output: output.name,
    pooling,
    prefixTokens,
  }
  const queue = openQueue()
  return {
    name: `onnx:${path}`,
    key: hashBytes(JSON.stringify(facts)),
    dimensions,
    featureNames: null,
    provenance: null,
    embed: (batch) =>
      queue(() => embedRuns(plan, preparation.prepare(batch, plan.batch), batch.count, dimensions)),
    async close() {
      await preparation.close()
      await model.session.close()
    },
  }
}

// The embedding's length, by running one blank picture: many exports do not state the shapes of outputs. It also
// shows at once, not after hours, that the model can be run on pictures of this size.
async function probeDimensions(plan: Plan): Promise<number> {
  const side = 96
  const count = plan.model.batch ?? 1
  const blank = pixels(new Uint8Array(count * side * side * 3).fill(255), count, side, side)
  const { mean, std } = plan.transform
  const output = await runModel(plan, toTensor(transformPixels(blank, plan.transform), mean, std))
  choosePooling({ ...plan.output, shape: output.shape }, plan.pooling, plan.path)
  return pooledSize(output.shape, plan.pooling)
}

async function embedRuns(
  plan: Plan,
  runs: ReturnType<Preparation['prepare']>,
  total: number,
  dimensions: number,
): Promise<Float32Array> {
  const rows = new Float32Array(total * dimensions)
  for await (const { images, first, count } of runs) {
    // A model whose batch may vary is fed as many pictures as there are.
    const fed = plan.model.batch === null ? takeFirst(images, count) : images
    poolOutput(await runModel(plan, fed), plan.pooling, plan.prefixTokens, count, rows, first)
  }
  return rows
}

function takeFirst({ shape, data }: NdArray<'f32'>, count: number): NdArray<'f32'> {
  return f32([count, ...shape.slice(1)], data.subarray(0, (data.length / shape[0]) * count))
}

async function runModel({ path, model, output }: Plan, images: NdArray<'f32'>): Promise<NdArray> {
  const [, , height, width] = images.shape
  if ((model.height ?? height) !== height || (model.width ?? width) !== width) {
    throw new ShapeError({
      where: `${path} input '${model.input.name}'`,
      expected: `pictures of ${model.height ?? 'any'}x${model.width ?? 'any'}`,
      got: `${height}x${width}`,
      hint: 'set resize or crop',
    })
  }
  return (await model.session.run({ [model.input.name]: images }))[output.name]
}
