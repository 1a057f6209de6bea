// The extractor `onnx:PATH`: any image model in an ONNX file, run by the engine.

import { basename, dirname, join } from 'node:path'
import { EngineError, type NdArray, ndarray, ShapeError } from '../base/index.ts'
import type { Port } from '../engine/index.ts'
import { hashBytes } from '../files/index.ts'
import { planReadout, type ReadoutPlan } from '../models/index.ts'
import type { ImageTransform } from '../patches/index.ts'
import type { Extractor } from './extractor.ts'
import type { ExtractorMethod } from './extractorMethod.ts'
import { type ImageModel, openImageModel, openTrunkModel, pickOutput } from './onnx/imageModel.ts'
import { readModelConfig } from './onnx/modelConfig.ts'
import { chooseTransform, type OnnxOptions, onnxDefaults, onnxRules } from './onnx/onnxOptions.ts'
import { pooledSize, poolOutput } from './onnx/pooling.ts'
import { readPreprocessorConfig } from './onnx/preprocessorConfig.ts'
import { openPreparation, type Preparation, threadsBeside } from './preparation.ts'
import { prepareRun, usualForm } from './preparationWorker.ts'
import { openQueue } from './queue.ts'

// Raised when the same model and options give other embeddings.
const version = 1

/** The method behind `onnx:PATH`. */
export const onnxMethod: ExtractorMethod<OnnxOptions> = {
  about:
    'any image model in an ONNX file; preprocessing by option or from preprocessor_config.json beside it',
  takesPath: true,
  usesDevice: true,
  defaults: onnxDefaults,
  rules: onnxRules,
  async open(options, { device = 'auto', threads }, path) {
    const { output, layout, trunk } = options
    const settings = { output, layout, device, threads }
    const model =
      trunk === null ? await openImageModel(path, settings) : await openTrunkModel(path, trunk, settings)
    try {
      return await openOnnx(path, model, options, threads)
    } catch (error) {
      await model.session.close()
      throw error
    }
  },
}

/** How pictures are run, before what comes out is known. */
interface Plan {
  readonly path: string
  readonly model: ImageModel
  readonly transform: ImageTransform
  readonly output: Port
  /** Patches to a run, and whether a run must be filled up to it. */
  readonly batch: number
}

async function openOnnx(
  path: string,
  model: ImageModel,
  options: OnnxOptions,
  threads?: number,
): Promise<Extractor> {
  const { height, width, form, session } = model
  const file = await readPreprocessorConfig(join(dirname(path), 'preprocessor_config.json'))
  const sides = height !== null && width !== null ? { height, width } : null
  const transform = chooseTransform(options, file, sides, path, form.dtype === 'u8')
  const isTrunk = options.trunk !== null
  const output = pickOutput(model, isTrunk ? null : options.output, path)
  const plan: Plan = { path, model, transform, output, batch: model.batch ?? options.batch }
  const probed = await probeModel(plan)
  const readout: ReadoutPlan = isTrunk
    ? { pooling: 'output', prefixTokens: 1 }
    : await chooseReadout(plan, options, probed)
  const dimensions = pooledSize(probed.shape, readout.pooling)
  const preparation = openPreparation(transform, threadsBeside(session.provider, threads), form)
  const facts = {
    version,
    hash: model.hash,
    provider: session.provider,
    transform,
    output: output.name,
    ...readout,
    ...(form.layout !== usualForm.layout && { layout: form.layout }),
    ...(model.isWidened && { isWidened: true }),
  }
  const queue = openQueue()
  return {
    name: `onnx:${path}`,
    key: hashBytes(JSON.stringify(facts)),
    dimensions,
    featureNames: null,
    provenance: { title: basename(path), licence: 'not stated', pretraining: [] },
    embed: (batch) =>
      queue(() => embedRuns(plan, readout, preparation.prepare(batch, plan.batch), batch.count, dimensions)),
    async close() {
      await preparation.close()
      await session.close()
    },
  }
}

interface Probed {
  /** Of the output for one run. */
  readonly shape: readonly number[]
  /** Of the pictures that the network was fed. */
  readonly sides: readonly [height: number, width: number]
}

async function chooseReadout(
  plan: Plan,
  options: OnnxOptions,
  { shape, sides }: Probed,
): Promise<ReadoutPlan> {
  const { path, model, output } = plan
  const { patchSide, stated } = await readModelConfig(join(dirname(path), 'config.json'))
  const facts = { sides, patchSide: model.patchSide ?? patchSide, stated }
  return planReadout(`${path} output '${output.name}'`, shape, options, facts)
}

// What comes out, by running blank pictures: many exports do not state the shapes of outputs. It also shows at once,
// not after hours, that the model can be run on pictures of this size, and on more than one at a time.
async function probeModel(plan: Plan): Promise<Probed> {
  const count = plan.model.batch ?? Math.min(2, plan.batch)
  const run = async (size: number): Promise<Probed> => {
    const images = prepareBlank(plan, size)
    const { shape } = await runModel(plan, images)
    return { shape, sides: sidesOf(plan.model, images) }
  }
  if (plan.model.batch !== null || count === 1) return run(count)
  return run(count).catch(async (cause) => {
    if (!(cause instanceof EngineError)) throw cause
    await run(1) // what fails for one picture too says so itself
    throw new EngineError(
      {
        where: plan.path,
        expected: 'a model that takes several pictures at once',
        got: cause.parts.got,
        hint: oneByOne,
      },
      cause,
    )
  })
}

const oneByOne = 'it was exported for one picture at a time: set batch=1'

function prepareBlank({ transform, model }: Plan, size: number): NdArray {
  const side = 96
  const data = new Uint8Array(size * side * side * 3).fill(255)
  return prepareRun({ data, count: size, height: side, width: side, transform, form: model.form, size })
}

function sidesOf({ form }: ImageModel, { shape }: NdArray): [number, number] {
  return form.layout === 'nhwc' ? [shape[1], shape[2]] : [shape[2], shape[3]]
}

async function embedRuns(
  plan: Plan,
  readout: ReadoutPlan,
  runs: ReturnType<Preparation['prepare']>,
  total: number,
  dimensions: number,
): Promise<Float32Array> {
  const rows = new Float32Array(total * dimensions)
  for await (const { images, first, count } of runs) {
    // A model whose batch may vary is fed as many pictures as there are.
    const fed = plan.model.batch === null ? takeFirst(images, count) : images
    poolOutput(plan.path, await runModel(plan, fed), readout, count, rows, first)
  }
  return rows
}

function takeFirst({ dtype, shape, data }: NdArray, count: number): NdArray {
  const part = (data as Float32Array).subarray(0, (data.length / shape[0]) * count)
  return ndarray(dtype, [count, ...shape.slice(1)], part)
}

async function runModel({ path, model, output }: Plan, images: NdArray): Promise<NdArray> {
  const [height, width] = sidesOf(model, images)
  if ((model.height ?? height) !== height || (model.width ?? width) !== width) {
    throw new ShapeError({
      where: `${path} input '${model.input.name}'`,
      expected: `pictures of ${model.height ?? 'any'}x${model.width ?? 'any'}`,
      got: `${height}x${width}`,
      hint: 'set resize or crop',
    })
  }
  const result = (await model.session.run({ [model.input.name]: images }))[output.name]
  const [count] = images.shape
  if (result.shape.length > 0 && result.shape[0] === count) return result
  throw new ShapeError({
    where: `${path} output '${output.name}'`,
    expected: `${count} rows for ${count} pictures`,
    got: `[${result.shape.join(', ')}]`,
    hint: model.batch === null ? oneByOne : 'export it with an open batch',
  })
}
