// Fine-tuning an `onnx:PATH` extractor: the part of its network behind a cut, with a linear classifier. The trained
// network is kept as head.onnx, so that a head needs its model's file only while it is trained.

import { type NdArray, RecipeError, sizeOf } from '../base/index.ts'
import { readOnnxFile } from '../files/index.ts'
import type { OnnxModel } from '../formats/index.ts'
import { constant, cutGraph, emitModel, findPatchSide, input, readGraph, sigmoid } from '../graph/index.ts'
import { type GraphTailOptions, graphTail, planReadout } from '../models/index.ts'
import { inferencePass } from '../nn/index.ts'
import { splitModelName } from '../weights/index.ts'
import { checkShape, openStoredFit } from './embeddings.ts'
import { checkFinetune, type FinetuneOptions, type GraphReadout } from './finetuneOptions.ts'
import type { EpochRecord, FitHooks, Head, HeadPlace, LabelledRows } from './head.ts'
import { packHead } from './headFiles.ts'
import { openTail, trainTail } from './tail.ts'

type Params = Readonly<Record<string, NdArray<'f32'>>>

interface GraphTailRecord {
  readonly form: { readonly cutAt: string; readonly columns: number }
  readonly curve: readonly EpochRecord[]
  readonly [key: string]: unknown
}

/** Whether a head's record is that of a tail of an ONNX model. */
export function isGraphTail(record: Readonly<Record<string, unknown>>): boolean {
  return 'cutAt' in (record.form as object)
}

/** Fits the tail of the ONNX model that `options.model` names. Throws RecipeError, DataError and ShapeError. */
export async function fitGraphTail(
  trainRows: LabelledRows,
  valRows: LabelledRows,
  options: FinetuneOptions,
  seed: number,
  hooks: FitHooks,
): Promise<Head> {
  checkOptions(options)
  const { train, val } = await openStoredFit(trainRows, valRows)
  const { path } = splitModelName(options.model!)
  const form = openForm(await readOnnxFile(path), path, options)
  const columns = sizeOf(form.passed)
  checkShape('finetune', train.x, columns)
  const start = { network: graphTail(form), pretrained: form.cut.params }
  const { params, curve, bestEpoch } = await trainTail(start, [train, val], options, seed, hooks)
  const { model: _, ...kept } = options // a path says nothing on another machine
  const record = {
    options: kept,
    form: { cutAt: form.cut.at, columns },
    curve,
    chosen: { bestEpoch, seed },
  }
  return makeHead(record, params, emitTail({ ...form, dropout: 0 }, params, columns), hooks)
}

/** The head that `serialize` wrote. */
export function loadGraphTail(
  { kind: _, ...record }: Readonly<Record<string, unknown>>,
  params: Params,
  files: Readonly<Record<string, Uint8Array>>,
  place?: HeadPlace,
): Head {
  return makeHead(record as unknown as GraphTailRecord, params, files['head.onnx'], place)
}

// What holds for blocks of a known architecture only is refused.
function checkOptions(options: FinetuneOptions): void {
  checkFinetune(options, Number.MAX_SAFE_INTEGER)
  const { blocks, loraRank, layerDecay, hidden } = options
  const checks = [
    ['blocks', blocks, blocks !== null, 'where the model is cut: a value or a number of parameters'],
    ['loraRank', loraRank, loraRank === 0, '0 with an ONNX model'],
    ['layerDecay', layerDecay, layerDecay === 1, '1 with an ONNX model'],
    ['hidden', hidden, hidden.length === 0, 'none with an ONNX model'],
  ] as const
  for (const [key, got, isRight, expected] of checks) {
    if (!isRight) throw new RecipeError({ where: `finetune ${key}`, expected, got: JSON.stringify(got) })
  }
}

function openForm(model: OnnxModel, path: string, options: FinetuneOptions): GraphTailOptions {
  const graph = readGraph(model, path)
  const wanted: GraphReadout = options.readout ?? { output: null, pooling: null, prefixTokens: null }
  const cut = cutGraph(graph, wanted.output ?? graph.outputs[0], options.blocks!)
  const [images] = Object.values(graph.inputs)
  const [, ...passed] = cut.writeTrunk(images).shape
  if (passed.some((side) => typeof side !== 'number')) {
    throw new RecipeError({
      where: `finetune ${path}`,
      expected: 'a model whose images have fixed height and width',
      got: `[${images.shape}]`,
      hint: 'export it with an open batch and fixed sides',
    })
  }
  const { shape } = cut.writeTail(input('x', [1, ...passed]))
  const sides = images.shape.slice(2) as [number, number]
  const facts = { sides, patchSide: findPatchSide(model), stated: null }
  const readout = planReadout(`finetune ${path}`, shape, wanted, facts)
  return { cut, passed: passed as number[], readout, dropout: options.dropout }
}

function emitTail(form: GraphTailOptions, params: Params, columns: number): Uint8Array {
  const values = Object.entries(params).map(([name, array]) => [name, constant(array)] as const)
  const x = input('embedding', ['rows', columns])
  const logit = graphTail(form).apply(Object.fromEntries(values), x, inferencePass)
  return emitModel({ probability: sigmoid(logit), logit }, { name: 'head' })
}

function makeHead(record: GraphTailRecord, params: Params, model: Uint8Array, place?: HeadPlace): Head {
  return {
    kind: 'finetune',
    curve: record.curve,
    ...openTail(() => model, record.form.columns, place),
    serialize: async () => ({ ...packHead({ kind: 'finetune', ...record }, params), 'head.onnx': model }),
  }
}
