// From what the heads of a candidate say to what is predicted: a temperature that their log odds are divided by, and the
// threshold from which on a patch is predicted to be tumour. Both rest on labelled patches that the heads were not trained
// on; a threshold by share rests on the probabilities of the very patches that are predicted. No label of test has a say.

import { fitCenterTemperatures, logitsOf, temper } from '../classify/index.ts'
import {
  chooseMargin,
  chooseThreshold,
  chooseThresholdsByLabels,
  findThreshold,
  type Threshold,
} from '../evaluate/index.ts'
import type { Recipe } from '../recipe/index.ts'
import type { Split } from '../runs/index.ts'
import type { CandidatePredictions, DecisionRule, LabelledTruth, SplitTruth } from './steps/evaluateCell.ts'

/** What a candidate's heads say, before anything is decided. */
export type RawPredictions = Pick<CandidatePredictions, 'seeds' | 'probabilities' | 'truths'> & {
  readonly heldOut: { readonly truth: LabelledTruth; readonly probabilities: Float32Array } | null
}

/** What is decided, and probabilities with it. */
export type Decided = Pick<
  CandidatePredictions,
  'seeds' | 'probabilities' | 'heldOut' | 'thresholds' | 'rule' | 'decision'
>

interface Labelled {
  readonly truth: LabelledTruth
  readonly probabilities: Float32Array
}

/**
 * Decides as the recipe asks, by the centers that were held out in turn or, under the protocol `challenge`, by val. Each
 * held-out center is judged by what the others decide. Throws DataError where a threshold by share has too few patches.
 */
export function decide(
  { threshold, temperature, abstain }: Recipe['evaluate'],
  raw: RawPredictions,
): Decided {
  const { seeds, probabilities, truths, heldOut } = raw
  const labelled = heldOut ?? { truth: truths.val as LabelledTruth, probabilities: probabilities.val! }
  const temperatures = temperature === 'none' ? null : fitTemperatures(labelled)
  const pooled = temperatures?.pooled ?? 1
  const temperSplits = (splits: RawPredictions['probabilities']) =>
    Object.fromEntries(
      Object.entries(splits).map(([split, rows]) => [split as Split, temper(rows, pooled)]),
    ) as RawPredictions['probabilities']
  const tempered = temperSplits(probabilities)
  const rule = threshold === 'held-out' ? chooseOn(labelled, pooled) : threshold
  const isByShare = typeof rule === 'object'
  const thresholds: Partial<Record<Split, Threshold>> = {
    val: isByShare ? ownShares(truths.val!, tempered.val!) : rule,
    ...(tempered.test && {
      test: findThreshold(rule, { probabilities: tempered.test, centers: truths.test!.centers }),
    }),
  }
  const isGiven = typeof threshold === 'number'
  const decided = heldOut && decideHeldOut({ threshold, temperature }, heldOut)
  const known = decided ?? { ...labelled, probabilities: tempered.val!, threshold: thresholds.val! }
  const margin = abstain === 'none' ? null : chooseMargin({ ...known, ...known.truth }, abstain)
  return {
    seeds: seeds.map((seed) => ({ ...seed, probabilities: temperSplits(seed.probabilities) })),
    probabilities: tempered,
    heldOut: decided,
    thresholds,
    rule: { threshold: rule, temperature: pooled, ...(margin !== null && { margin }) },
    decision:
      isGiven && !temperatures
        ? null
        : {
            rule: isGiven ? 'given' : threshold,
            ...(thresholds.test !== undefined && { test: thresholds.test }),
            ...(temperatures && { temperature: temperatures }),
          },
  }
}

/** What is decided of patches without labels. Throws as `findThreshold`. */
export function decideUnlabelled(
  { threshold, temperature }: DecisionRule,
  raw: Float32Array,
  centers: readonly string[] | null,
): { readonly probabilities: Float32Array; readonly threshold: Threshold } {
  const probabilities = temper(raw, temperature)
  return { probabilities, threshold: findThreshold(threshold, { probabilities, centers }) }
}

const fitTemperatures = ({ truth, probabilities }: Labelled) =>
  fitCenterTemperatures(logitsOf(probabilities), truth.labels, namesOf(truth))

const namesOf = ({ centers, labels }: LabelledTruth) => centers ?? Array.from(labels, () => '?')

function chooseOn({ truth: { labels }, probabilities }: Labelled, temperature: number): number {
  return chooseThreshold({ labels, probabilities: temper(probabilities, temperature) })
}

const ownShares = ({ labels, centers }: SplitTruth, probabilities: Float32Array) =>
  chooseThresholdsByLabels({ labels: labels!, centers, probabilities })

/**
 * What is decided of held-out centers, each by the others: of a center it must not rest on its own labels, but for its share,
 * which a threshold by share takes as though it had been stated.
 */
export function decideHeldOut(
  { threshold, temperature }: Pick<Recipe['evaluate'], 'threshold' | 'temperature'>,
  heldOut: Labelled,
): NonNullable<CandidatePredictions['heldOut']> {
  const { truth } = heldOut
  const names = namesOf(truth)
  const probabilities = heldOut.probabilities.slice()
  const thresholds: Record<string, number> = {}
  for (const center of new Set(names)) {
    const others = selectRows(heldOut, (row) => names[row] !== center)
    const own = temperature === 'none' ? 1 : fitTemperatures(others).pooled
    const tempered = temper(heldOut.probabilities, own)
    names.forEach((name, row) => {
      if (name === center) probabilities[row] = tempered[row]
    })
    if (threshold === 'held-out') thresholds[center] = chooseOn(others, own)
  }
  if (threshold === 'held-out') return { truth, probabilities, threshold: thresholds }
  return {
    truth,
    probabilities,
    threshold: typeof threshold === 'number' ? threshold : ownShares(truth, probabilities),
  }
}

function selectRows({ truth, probabilities }: Labelled, isChosen: (row: number) => boolean): Labelled {
  const rows = [...truth.labels.keys()].filter(isChosen)
  const pick = (values: readonly string[] | null) => values && rows.map((row) => values[row])
  return {
    truth: {
      labels: Uint8Array.from(rows, (row) => truth.labels[row]),
      centers: pick(truth.centers),
      slides: pick(truth.slides),
      patients: pick(truth.patients),
    },
    probabilities: Float32Array.from(rows, (row) => probabilities[row]),
  }
}
