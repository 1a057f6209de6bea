// The training that holds on other centers: how its batches are drawn and what it minimises. Val is measured, and the epoch is
// selected, by the plain log loss.

import { checkOptions, DataError, f32, type NdArray, type RowSource, reorderRows } from '../base/index.ts'
import { add, concat, constant, pad, reduceMean, slice, type Value } from '../graph/index.ts'
import type { MlpParts } from '../models/index.ts'
import { adversary, groupDro, logLosses } from '../nn/index.ts'
import type { TrainingObjective } from '../train/index.ts'
import { checkFinite, checkShape, type LoadedEmbeddings } from './embeddings.ts'
import { checkRobust, isRobust, type RobustFit, type RobustOptions, robustRules } from './robust.ts'
import { orderRows } from './rowOrder.ts'
import { type Standardization, standardizeRows } from './standardize.ts'
import type { ClassifierTraining } from './trainClassifier.ts'

/** Robust training that was checked; undefined where nothing is asked for. Throws RecipeError and UnknownNameError. */
export function readRobust(robust: RobustFit | undefined): RobustFit | undefined {
  if (!robust) return undefined
  checkOptions('robust', robustRules, robust.options)
  const facts = { centers: new Set(robust.centers).size, hasTarget: robust.target !== undefined }
  checkRobust('robust', robust.options, facts)
  return isRobust(robust.options) ? robust : undefined
}

/** Rows of the target as they take part in training: in the order of their content, standardised as they are read. */
export async function openTarget(
  target: NdArray<'f32'> | RowSource,
  dimensions: number,
  standardization: Standardization | null,
): Promise<RowSource> {
  const where = 'classify target'
  const [rows] = checkShape(where, target, dimensions)
  if (rows === 0) throw new DataError({ where, expected: 'at least one row', got: 'none' })
  const order = await orderRows(target, new Uint8Array(rows), (block, first) =>
    checkFinite(where, block, first),
  )
  const { shape, gather } = reorderRows(target, order)
  if (!standardization) return { shape, gather }
  return {
    shape,
    async gather(places, into) {
      await gather(places, into)
      standardizeRows(f32([places.length, dimensions], into), standardization, into)
    },
  }
}

/** What is trained robustly. */
export interface RobustPlan {
  /** Training rows with their centers, in the order of their content. */
  readonly train: LoadedEmbeddings
  readonly parts: MlpParts
  /** Rows a step. */
  readonly batchSize: number
  /** How rows of train are standardised, and so those of the target. */
  readonly standardization: Standardization | null
}

// The adversary's weight rises over so many epochs: a count of its own, since nobody knows when training will stop.
const rampEpochs = 20

/** How batches are drawn, and what is minimised where it is not the mean log loss. Throws DataError on rows of the target. */
export async function planRobust(
  { options, target }: RobustFit,
  { train, parts, batchSize, standardization }: RobustPlan,
): Promise<Pick<ClassifierTraining, 'draw' | 'objective'>> {
  const groups = train.centers!
  const centers = new Set(groups).size
  // As many as of a training center on average: the target is one more domain.
  const count = Math.max(1, Math.round(Math.min(batchSize, groups.length) / centers))
  const unlabelled = target && {
    x: await openTarget(target, train.x.shape[1], standardization),
    count,
  }
  const { balance, mixup } = options
  const isPlain = options.groupDro === 0 && options.adversarial === 0
  const rampSteps = rampEpochs * Math.max(1, Math.floor(groups.length / batchSize))
  const domains = centers + Number(target !== undefined)
  return {
    draw: { groups, balance, mixup, unlabelled },
    objective: isPlain ? undefined : writeObjective(options, parts, { centers, domains, rampSteps }),
  }
}

interface ObjectiveFacts {
  readonly centers: number
  readonly domains: number
  readonly rampSteps: number
}

function writeObjective(
  { groupDro: stepSize, adversarial: weight }: RobustOptions,
  { hidden, width, output }: MlpParts,
  { centers, domains, rampSteps }: ObjectiveFacts,
): TrainingObjective {
  const dro = stepSize > 0 ? groupDro('groupDro.logWeights', centers, stepSize) : undefined
  const form = { name: 'adversary', inputs: width, domains, weight, rampSteps }
  const against = weight > 0 ? adversary(form) : undefined
  return {
    params: { ...dro?.params, ...against?.params },
    write(params, { x, y, groups, unlabelled }, pass) {
      // Rows of the target go through the network with the others, so that batch norm, which in use has one mean and variance
      // for all, shows the adversary each domain as the head will see it.
      const rows = unlabelled ? concat([x, unlabelled], 0) : x
      const features = hidden.apply(params, rows, pass)
      const logits = output.apply(params, slice(features, 0, 0, x.shape[0] as number), pass)
      const losses = logLosses(logits, y)
      const logLoss = reduceMean(losses)
      const loss = dro ? dro.write(params, losses, groups, pass) : logLoss
      const reports: Record<string, Value> = { logLoss }
      if (!against) return { loss, reports }
      reports.domainLoss = against.write(params, features, listDomains(groups, unlabelled), pass)
      return { loss: add(loss, reports.domainLoss), reports }
    },
  }
}

// The centers of labelled rows, and one column more for those of the target.
function listDomains(groups: Value, unlabelled: Value | undefined): Value {
  if (!unlabelled) return groups
  const [rows, domains] = [unlabelled.shape[0] as number, (groups.shape[1] as number) + 1]
  const target = Float32Array.from({ length: rows * domains }, (_, i) => Number(i % domains === domains - 1))
  return concat([pad(groups, [0, 0], [0, 1]), constant(f32([rows, domains], target))], 0)
}
