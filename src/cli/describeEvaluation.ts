// An evaluation in the terminal: a table of figures with their intervals.

import { printThreshold } from '../base/index.ts'
import type { Evaluation, Interval, Threshold, UnitLevel } from '../evaluate/index.ts'
import { formatCount, formatTable } from './terminal.ts'

/** The threshold that calls were made at. */
export interface ChosenThreshold {
  readonly threshold: Threshold
  /** The run whose threshold it is; not there where it is not a run's. */
  readonly thresholdOf?: string
}

/** How many patches, and of which split. */
export function describePatches({ count, split }: { count: number; split: string | null }): string {
  return `${formatCount(count)} patches${split === null ? '' : ` of split ${split}`}`
}

/** The threshold, and whose it is. */
export function describeThreshold({ threshold, thresholdOf }: ChosenThreshold): string {
  const at = `at ${printThreshold(threshold)}`
  return thresholdOf === undefined ? at : `${at}, the threshold of ${thresholdOf}`
}

/** What `eosin evaluate` prints of a table of probabilities. */
export function describeEvaluation(
  result: Evaluation & ChosenThreshold & { readonly split: string | null },
  unpredicted: number,
): string {
  const { tp, fp, tn, fn } = result.confusion
  return [
    `${describePatches(result)}, ${formatCount(result.positives)} tumour; intervals: 95 %, ${result.resampled} left out in turn`,
    ...(unpredicted > 0
      ? [`${formatCount(unpredicted)} labelled patches have no prediction and are not counted`]
      : []),
    '',
    formatTable(
      ['figure', 'value', '95 % interval'],
      [...describeScores(result), ...describeThresholds(result), ...describeSlides(result)],
    ),
    '',
    `${describeThreshold(result)}: ${tp} true tumour, ${fp} false tumour, ${tn} true normal, ${fn} false normal`,
    ...explainAbsent(result),
  ].join('\n')
}

function row(name: string, interval: Interval | null): string[] {
  return interval
    ? [name, interval.value.toFixed(4), `${interval.low.toFixed(4)} - ${interval.high.toFixed(4)}`]
    : [name, '-', '-']
}

function describeScores(result: Evaluation): string[][] {
  return [
    row('accuracy', result.accuracy),
    row('balanced accuracy', result.balancedAccuracy),
    row('AUROC', result.auroc),
    row('AUPRC', result.auprc),
    row('F1', result.f1),
    row('calibration error', result.calibrationError),
  ]
}

// At other thresholds, and with the least sure patches left out.
function describeThresholds({ sensitivityAt, riskCoverage }: Evaluation): string[][] {
  return [
    ...sensitivityAt.map(({ specificity, sensitivity }) =>
      row(`sensitivity at specificity ${specificity.toFixed(2)}`, sensitivity),
    ),
    ...riskCoverage.at
      .filter(({ coverage }) => coverage < 1)
      .map(({ coverage, accuracy }) => row(`accuracy of the surest ${100 * coverage} %`, accuracy)),
    row('accuracy, mean over coverages', riskCoverage.area),
  ]
}

function describeSlides({ slideLevel, patientLevel }: Evaluation): string[][] {
  return [
    ...(slideLevel ? describeUnits('slides', slideLevel) : []),
    ...(patientLevel ? describeUnits('patients', patientLevel) : []),
  ]
}

function describeUnits(units: string, { mean, top }: UnitLevel): string[][] {
  return [
    row(`${units}: error of tumour share`, mean.error),
    row(`${units}: correlation of tumour share`, mean.correlation),
    ...(top.auroc ? [row(`${units}: AUROC of any tumour`, top.auroc)] : []),
  ]
}

function explainAbsent({ positives, count, sensitivityAt }: Evaluation): string[] {
  const absent = sensitivityAt.filter(({ normalsNeeded }) => count - positives < normalsNeeded)
  if (absent.length === 0) return []
  const named = absent.map(({ specificity }) => specificity.toFixed(2)).join(', ')
  const needed = absent.map(({ normalsNeeded }) => normalsNeeded).join(', ')
  return [
    `${formatCount(count - positives)} normal patches cannot tell a specificity of ${named}: it takes at least ${needed}`,
  ]
}
