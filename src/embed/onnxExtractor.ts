// The extractor `onnx:PATH`: any image model in an ONNX file, run by the engine.

import { dirname, join } from 'node:path'
import { f32, type NdArray, type Pixels, pixels, ShapeError } from '../base/index.ts'
import type { Port } from '../engine/index.ts'
import { hashBytes } from '../formats/index.ts'
import { type ImageTransform, toTensor, transformPixels } from '../patches/index.ts'
import type { Extractor } from './extractor.ts'
import type { ExtractorMethod } from './extractorMethod.ts'
import { type ImageModel, openImageModel, pickOutput } from './onnx/imageModel.ts'
import { chooseTransform, type OnnxOptions, onnxDefaults, type Pooling } from './onnx/onnxOptions.ts'
import { choosePooling, pooledSize, poolOutput } from './onnx/pooling.ts'
import { readPreprocessorConfig } from './onnx/preprocessorConfig.ts'

// Raised when the same model and options give other embeddings.
const version = 1

/** The method behind `onnx:PATH`. */
export const onnxMethod: ExtractorMethod<OnnxOptions> = {
  about:
    'any image model in an ONNX file; preprocessing by option or from preprocessor_config.json beside it',
  takesPath: true,
  defaults: onnxDefaults,
  async open(options, { device = 'auto', threads }, path) {
    const file = await readPreprocessorConfig(join(dirname(path), 'preprocessor_config.json'))
    const model = await openImageModel(path, device, threads)
    try {
      return await openOnnx(path, model, options, file)
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
): Promise<Extractor> {
  const { height, width } = model
  const sides = height !== null && width !== null ? { height, width } : null
  const transform = chooseTransform(options, file, sides, path)
  const output = pickOutput(model, options.output, path)
  const pooling = choosePooling(output, options.pooling, path)
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
  const facts = {
    version,
    hash: model.hash,
    provider: model.session.provider,
    transform,
    output: output.name,
    pooling,
    prefixTokens,
  }
  let last: Promise<unknown> = Promise.resolve()
  return {
    name: `onnx:${path}`,
    key: hashBytes(JSON.stringify(facts)),
    dimensions,
    featureNames: null,
    provenance: null,
    embed(batch) {
      // One run at a time: it uses all cores by itself, and each holds its activations in memory.
      const work = last.then(() => embedBatch(plan, batch, dimensions))
      last = work.catch(() => {})
      return work
    },
    close: () => model.session.close(),
  }
}

// The embedding's length, by running one blank picture: many exports do not state the shapes of outputs. It also
// shows at once, not after hours, that the model can be run on pictures of this size.
async function probeDimensions(plan: Plan): Promise<number> {
  const side = 96
  const blank = pixels(new Uint8Array(side * side * 3).fill(255), 1, side, side)
  const output = await runModel(plan, blank)
  choosePooling({ ...plan.output, shape: output.shape }, plan.pooling, plan.path)
  return pooledSize(output.shape, plan.pooling)
}

async function embedBatch(plan: Plan, batch: Pixels, dimensions: number): Promise<Float32Array> {
  const rows = new Float32Array(batch.count * dimensions)
  const size = batch.height * batch.width * 3
  for (let first = 0; first < batch.count; first += plan.batch) {
    const count = Math.min(plan.batch, batch.count - first)
    const part = { ...batch, count, data: batch.data.subarray(first * size, (first + count) * size) }
    poolOutput(await runModel(plan, part), plan.pooling, plan.prefixTokens, count, rows, first)
  }
  return rows
}

// A model of fixed batch is fed as many pictures as it wants; those too many stay zero.
async function runModel({ path, model, transform, output }: Plan, batch: Pixels): Promise<NdArray> {
  const pictures = transformPixels(batch, transform)
  const { height, width } = pictures
  if ((model.height ?? height) !== height || (model.width ?? width) !== width) {
    throw new ShapeError({
      where: `${path} input '${model.input.name}'`,
      expected: `pictures of ${model.height ?? 'any'}x${model.width ?? 'any'}`,
      got: `${height}x${width}`,
      hint: 'set resize or crop',
    })
  }
  const count = model.batch ?? pictures.count
  const values = new Float32Array(count * 3 * height * width)
  const { mean, std } = transform
  toTensor(pictures, mean, std, values.subarray(0, pictures.count * 3 * height * width))
  const fed = { [model.input.name]: f32([count, 3, height, width], values) }
  return (await model.session.run(fed))[output.name]
}
