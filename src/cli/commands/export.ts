// eosin export: a run's model as one ONNX file that takes patches as bytes and gives probabilities.

import type { Command } from 'commander'
import { transductiveNote } from '../../base/index.ts'
import type { ExportResult } from '../../export/index.ts'
import {
  addExamples,
  addSetOptions,
  type CommonOptions,
  deviceOption,
  jsonOption,
  overwriteOption,
  printResult,
  type SetOptions,
  share,
  threadsOption,
} from '../command.ts'
import { checkDevice } from '../device.ts'
import { claimFiles } from '../outFile.ts'
import { clearLine, formatCount, showProgress } from '../terminal.ts'

interface ExportCommandOptions extends CommonOptions, SetOptions {
  readonly run: string
  readonly out: string
  readonly threshold?: number
  /** false by --no-verify, true where neither is given */
  readonly verify: string | boolean
  readonly threads?: number
}

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description("write a run's chosen model as one ONNX file, from uint8 patches to probability")
    .requiredOption('--run <folder>', 'the run whose model is exported')
    .option(
      '--out <file.onnx>',
      'the file; tensors above 2 GiB go to <file.onnx>.data beside it',
      'pipeline.onnx',
    )
    .option('--threshold <p>', "the threshold that the file states (default: the run's)", share)
    .option('--verify <path>', "compare with the run's predictions on these patches (default: the run's val)")
    .option('--no-verify', 'write without comparing')
    .addOption(threadsOption('threads (default: all cores)'))
    .addOption(deviceOption())
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action(runExport)
  addExamples(
    addSetOptions(command),
    'eosin export --run runs/dinov2 --out pipeline.onnx',
    'eosin export --run runs/dinov2 --out pipeline.onnx --verify test.h5',
    'eosin predict test.h5 --onnx pipeline.onnx',
  )
}

async function runExport(options: ExportCommandOptions): Promise<void> {
  await claimFiles([options.out], options.overwrite, () => writeExport(options))
}

async function writeExport(options: ExportCommandOptions): Promise<void> {
  const { exportRun } = await import('../../export/index.ts')
  const verify = options.verify === true ? undefined : options.verify
  const isCompared = verify !== false
  const name = isCompared ? 'the pipeline' : 'writing a pipeline'
  await checkDevice(options.device, () => [{ name, usesDevice: isCompared }])
  const result = await exportRun({
    ...options,
    verify,
    progress: showProgress(`compare  ${options.run}`),
  })
  clearLine()
  printResult(options, result, describeExport)
}

function describeExport(result: ExportResult): string {
  const { out, data, model, bytes, threshold, compared, largestDifference } = result
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`
  const agreement =
    largestDifference === null
      ? 'not compared with the run'
      : `largest difference to the run's probabilities ${largestDifference.toExponential(1)}, on ${formatCount(compared)} patches`
  return [
    `${model}, tumour from ${threshold} up, ${size}`,
    agreement,
    ...(result.transductive ? [transductiveNote] : []),
    data ? `${out} and ${data}` : out,
  ].join('\n')
}
