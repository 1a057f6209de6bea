// An ONNX model as a graph from images to embeddings, in the form of ExtractorGraph: for export.

import { dirname, join } from 'node:path'
import { EosinError } from '../../base/index.ts'
import { readOnnxFile } from '../../files/index.ts'
import {
  cast,
  cutGraph,
  findPatchSide,
  flatten,
  mul,
  readGraph,
  round,
  transpose,
  type Value,
} from '../../graph/index.ts'
import { planReadout, poolTokens } from '../../models/index.ts'
import type { ExtractorGraph } from '../embeddingGraph.ts'
import type { PictureForm } from '../preparationWorker.ts'
import { readPictureInput } from './imageModel.ts'
import { readModelConfig } from './modelConfig.ts'
import { chooseTransform, type OnnxOptions } from './onnxOptions.ts'
import { readPreprocessorConfig } from './preprocessorConfig.ts'

/** Opens the model at `path` as a graph, in single precision. Throws for a file that is not right, as opening it does. */
export async function openOnnxGraph(
  path: string,
  options: OnnxOptions,
): Promise<Omit<ExtractorGraph, 'views'>> {
  const folder = dirname(path)
  const file = await readPreprocessorConfig(join(folder, 'preprocessor_config.json'))
  const config = await readModelConfig(join(folder, 'config.json'))
  const model = await readOnnxFile(path)
  const graph = readGraph(model, path)
  const [[inputName, input], ...others] = Object.entries(graph.inputs)
  if (others.length > 0) {
    const got = Object.keys(graph.inputs).join(', ')
    throw new EosinError({ where: path, expected: 'a model with one input of images', got })
  }
  const where = `${path} input '${inputName}'`
  const { form, batch, height, width } = readPictureInput(input, options.layout, where)
  const sides = height !== null && width !== null ? { height, width } : null
  const output = options.output ?? graph.outputs[0]
  return {
    transform: chooseTransform(options, file, sides, path, form.dtype === 'u8'),
    batch,
    card: null,
    write(images) {
      const fed = writeForm(images, form)
      if (options.trunk !== null) return flatten(cutGraph(graph, output, options.trunk).writeTrunk(fed))
      const values = graph.write([output], { [inputName]: fed })[output]
      const [, , rows, columns] = images.shape
      const readout = planReadout(`${path} output '${output}'`, values.shape, options, {
        sides: typeof rows === 'number' && typeof columns === 'number' ? [rows, columns] : null,
        patchSide: findPatchSide(model) ?? config.patchSide,
        stated: config.stated,
      })
      return poolTokens(values, readout)
    },
  }
}

// Images [batch, 3, height, width] as the model takes them: bytes again, where it normalises them itself.
function writeForm(images: Value, { layout, dtype }: PictureForm): Value {
  const values = dtype === 'u8' ? cast(round(mul(images, 255)), 'u8') : images
  return layout === 'nhwc' ? transpose(values, [0, 2, 3, 1]) : values
}
