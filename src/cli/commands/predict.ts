// eosin predict: the model of a run on patches it has never seen.

import type { Command } from 'commander'
import { printThreshold, transductiveNote, UsageError } from '../../base/index.ts'
import type { ThresholdRule } from '../../evaluate/index.ts'
import type { Model } from '../../study/index.ts'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  deviceOption,
  jsonOption,
  overwriteOption,
  partialShare,
  printResult,
  type SetOptions,
  threadsOption,
} from '../command.ts'
import { checkDevice } from '../device.ts'
import { claimFiles } from '../outFile.ts'
import { clearLine, formatCount, showProgress } from '../terminal.ts'

interface PredictOptions extends CommonOptions, SetOptions {
  readonly run?: string
  readonly onnx?: string
  readonly out: string
  readonly submission?: string
  readonly share?: number
  readonly abstain?: number
  readonly threads?: number
  readonly resize?: boolean
}

export function addPredict(program: Command): void {
  const predict = program
    .command('predict')
    .argument('<path>', 'a patch set; labels are not needed')
    .description(
      "call tumour or no tumour with a run's chosen model, or with the file eosin export made of it",
    )
    .option('--run <folder>', 'the run whose model predicts')
    .option('--onnx <file>', 'or an exported pipeline')
    .option(
      '--out <file.csv>',
      'id, part, center, slide, patient (where known), probability, prediction, abstain (where asked)',
      'predictions.csv',
    )
    .option('--submission <file.csv>', "also write the challenge's ID,Pred")
    .option(
      '--share <p>',
      "call so large a share of each center's patches tumour (default: at the model's threshold, or share)",
      partialShare,
    )
    .option(
      '--abstain <share>',
      'mark the least sure patches, of labelled patches that the model has not seen so large a share (default: as the recipe says)',
      partialShare,
    )
    .option(
      '--resize',
      'resize patches of another size than those of the training; they must show as much tissue',
    )
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runPredict)
  addExamples(
    addSetOptions(predict),
    'eosin predict test.h5 --run runs/demo --submission submission.csv',
    'eosin predict test.h5 --onnx pipeline.onnx',
    'eosin predict test.h5 --run runs/demo --share 0.3',
    'eosin predict test.h5 --run runs/demo --abstain 0.1',
  )
}

async function runPredict(path: string, options: PredictOptions): Promise<void> {
  const { run, onnx } = options
  if ((run === undefined) === (onnx === undefined)) {
    throw new UsageError({
      where: 'predict',
      expected: 'either --run RUN or --onnx FILE',
      got: run === undefined ? 'neither' : 'both',
    })
  }
  await claimFiles([options.out, options.submission], options.overwrite, () => predict(path, options))
}

async function predict(path: string, options: PredictOptions): Promise<void> {
  const { openPatchSet, printSize, resizePatches } = await import('../../patches/index.ts')
  const { writeFileAtomic } = await import('../../files/index.ts')
  const { writeCsvBlocks } = await import('../../formats/index.ts')
  const { describeForecasts, writeSubmission } = await import('../../runs/index.ts')
  const { abstain, callTumour, findThreshold } = await import('../../evaluate/index.ts')
  const model = await openAnyModel(options)
  try {
    const rule = options.share === undefined ? model.threshold : { share: options.share }
    const margin = findMargin(model, rule, options)
    const opened = await openPatchSet(path, options)
    const set = options.resize ? resizePatches(opened, model.patch) : opened
    const resized = set === opened ? null : { from: printSize(opened), to: printSize(set) }
    const probabilities = await model.predict(set, showProgress(`predict  ${path}`))
    clearLine()
    const threshold = findThreshold(rule, { probabilities, centers: set.centers })
    const prediction = callTumour(probabilities, threshold, set.centers)
    const called = { probabilities, threshold, centers: set.centers }
    const abstained = margin === undefined ? null : abstain(called, margin)
    const forecasts = model.forecast?.(called, rule)
    const transductive = model.transductive || typeof rule === 'object'
    const columns = {
      id: set.ids,
      ...(options.part !== undefined && { part: set.ids.map(() => options.part!) }),
      ...(set.centers && { center: set.centers }),
      ...(set.slides && { slide: set.slides }),
      ...(set.patients && { patient: set.patients }),
      probability: probabilities,
      prediction,
      ...(abstained && { abstain: abstained }),
    }
    await writeFileAtomic(options.out, writeCsvBlocks(columns))
    if (options.submission) await writeSubmission(options.submission, set.ids, prediction)
    await set.close()
    const count = (marks: Uint8Array) => marks.reduce((sum, value) => sum + value, 0)
    const tumour = count(prediction)
    printResult(
      options,
      {
        model: model.name,
        count: set.count,
        tumour,
        threshold,
        resized,
        out: options.out,
        ...(transductive && { transductive: true }),
        ...(abstained && { abstained: count(abstained), margin }),
        ...(forecasts && { forecasts }),
      },
      (result) =>
        [
          `${formatCount(result.count)} patches, ${formatCount(tumour)} called tumour by ${result.model}, from ${printThreshold(threshold)} on`,
          ...(abstained
            ? [
                `${formatCount(count(abstained))} of them are left to a person: nearer than ${margin!.toFixed(3)} to the threshold`,
              ]
            : []),
          ...(resized ? [`resized from ${resized.from} to ${resized.to}, as in training`] : []),
          ...(transductive ? [transductiveNote] : []),
          ...describeForecasts({ forecasts }),
          options.out,
        ].join('\n'),
    )
  } finally {
    await model.close()
  }
}

function findMargin(model: Model, rule: ThresholdRule, { abstain }: PredictOptions): number | undefined {
  if (abstain === undefined) return model.margin
  if (model.chooseMargin) return model.chooseMargin(abstain, rule)
  throw new UsageError({
    where: 'option --abstain',
    expected: 'a run whose model keeps labelled patches, to choose a margin on',
    got: `${model.name}, which has none`,
    hint: 'give --run, of a study that was run by this version',
  })
}

async function openAnyModel({ run, onnx, ...options }: PredictOptions) {
  if (onnx !== undefined) {
    await checkDevice(options.device, () => [{ name: 'the pipeline', usesDevice: true }])
    return (await import('../../export/index.ts')).openPipeline(onnx, options)
  }
  const { openModel, readModelFile } = await import('../../study/index.ts')
  const { listDeviceParts } = await import('../../recipe/index.ts')
  const { members } = await readModelFile(run!)
  const names = {
    stain: members.map(({ stain }) => stain.name),
    embed: members.map(({ embed }) => embed.name),
    classify: members.map(({ head }) => head),
  }
  await checkDevice(options.device, () => listDeviceParts(names))
  return openModel(run!, options)
}
