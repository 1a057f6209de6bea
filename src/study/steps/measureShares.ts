// How much an aligned cell suffers where a new center has another share of tumour: its map is measured on subsets of labelled
// centers that its heads were not trained on, each with a stated share, and the subset is judged. No row of test has a part.

import { join } from 'node:path'
import { type Alignment, alignCenters, type CoralReference, openMappedRows } from '../../adapt/index.ts'
import { loadRows, openRandom, type RowSource, reorderRows, rowsOf } from '../../base/index.ts'
import { type Head, loadHead } from '../../classify/index.ts'
import type { ProviderChoice } from '../../engine/index.ts'
import { averageProbabilities, summarize } from '../../evaluate/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import type { Recipe } from '../../recipe/index.ts'
import { readJson, type ShareResult, type ShareScores, type ShareSensitivity } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { Grid, GridCell } from '../grid.ts'
import type { OpenSplits } from '../splits.ts'
import {
  drawnAtMost,
  drawnShares,
  drawShares,
  drawsPerCenter,
  leastOfClass,
  sizeDrawn,
} from './drawShares.ts'
import { predictRows, type RowPart, readHeadFolder, withRows } from './trainHead.ts'

/** A center that heads have not been trained on. */
export interface ShareCenter {
  readonly center: string
  /** Rows of it and of others, as they were embedded. */
  readonly parts: readonly RowPart[]
  /** Which of these are of the center, in the order of their content, and their labels. */
  readonly places: Uint32Array
  readonly labels: Uint8Array
  /** Folders of the trained heads, one a seed. */
  readonly heads: readonly string[]
  /** What these predicted of all rows, by the map of the whole center; averaged over seeds. */
  readonly whole: Float32Array
  /** The same of the cell without alignment; null where the study has none. */
  readonly plain: Float32Array | null
}

/** What the sensitivity of a cell is measured from. */
export interface ShareTask {
  readonly cell: string
  readonly seed: number
  readonly threshold: number
  readonly align: Exclude<Alignment, 'none'>
  readonly reference: CoralReference | null
  readonly device: string
  readonly threads?: number
  readonly centers: readonly ShareCenter[]
  /** Centers that are not asked, and why. */
  readonly leftOut: ShareSensitivity['leftOut']
}

/** Whether a cell maps each center by its own unlabelled patches. */
export const isAligned = ({ aligned }: Pick<GridCell, 'aligned'>) => aligned !== null

/** The threshold that subsets are judged at: one that is found on other patches would not be theirs. */
export const shareThreshold = ({ evaluate: { threshold } }: Pick<Recipe, 'evaluate'>): number =>
  typeof threshold === 'number' ? threshold : 0.5

/** The cell that differs from an aligned one by taking embeddings as they are; undefined where a study has none. */
export function findUnaligned({ cells }: Pick<Grid, 'cells'>, { pair, classify, adapt }: GridCell) {
  return cells.find(
    (other) =>
      other.pair === pair &&
      other.classify.label === classify.label &&
      Object.entries({ ...adapt.options, align: 'none' }).every(
        ([name, value]) => other.adapt.options[name as 'align'] === value,
      ),
  )
}

/** The heads of a cell that predict centers they have not been trained on: those of its folds, or those stopped by val. */
export const judgedHeads = ({ heads, folds }: GridCell) =>
  folds.length > 0 ? folds.flatMap((fold) => fold.heads) : heads

/** What the sensitivity of an aligned cell is made from. */
export function shareInputs(
  recipe: Recipe,
  grid: Pick<Grid, 'cells'>,
  cell: GridCell,
  { train, val }: OpenSplits,
): CacheInputs {
  const keysOf = (own: GridCell) => judgedHeads(own).map(({ inputs }) => keyOf(inputs))
  const plain = findUnaligned(grid, cell)
  return {
    stage: 'adapt',
    version: 1,
    shares: drawnShares,
    draws: drawsPerCenter,
    limits: [leastOfClass, drawnAtMost],
    aligned: keyOf(cell.aligned!),
    heads: keysOf(cell),
    ...(plain && { plain: keysOf(plain) }),
    labels: [train.labelsKey(), val.labelsKey()],
    seed: recipe.seed,
    threshold: shareThreshold(recipe),
  }
}

/** Measures the sensitivity of a cell into `folder`. */
export async function makeShares(task: ShareTask, folder: string): Promise<void> {
  const measured: ShareSensitivity['centers'][number][] = []
  const leftOut = [...task.leftOut]
  for (const center of task.centers) {
    const tumour = center.labels.reduce((sum, label) => sum + label, 0)
    const fewest = Math.min(tumour, center.labels.length - tumour)
    if (fewest < leastOfClass) {
      const kind = fewest === tumour ? 'tumour' : 'normal'
      leftOut.push({
        center: center.center,
        reason: `${fewest} ${kind} patches, ${leastOfClass} are the least`,
      })
      continue
    }
    measured.push({
      center: center.center,
      patches: sizeDrawn(tumour, center.labels.length - tumour),
      tumour: tumour / center.labels.length,
      shares: await measureCenter(task, center),
    })
  }
  const content: ShareSensitivity = {
    cell: task.cell,
    draws: drawsPerCenter,
    centers: measured,
    leftOut,
    mean: measured.length > 0 ? meanResults(measured.map(({ shares }) => shares)) : [],
  }
  await writeFileAtomic(join(folder, 'shares.json'), `${JSON.stringify(content)}\n`)
}

/** Reads what `makeShares` wrote. */
export const readShares = ({ folder }: CacheEntry): Promise<ShareSensitivity> =>
  readJson(join(folder, 'shares.json'))

async function measureCenter(task: ShareTask, center: ShareCenter): Promise<readonly ShareResult[]> {
  const heads: Head[] = []
  try {
    for (const folder of center.heads) {
      const files = await readHeadFolder(folder)
      heads.push(await loadHead(files, { device: task.device as ProviderChoice, threads: task.threads }))
    }
    return await withRows(center.parts, task.threads, async (rows) => {
      const draws: ShareResult[][] = []
      for (let draw = 0; draw < drawsPerCenter; draw++) {
        const random = openRandom(task.seed, 'shares', center.center, draw)
        const results: ShareResult[] = []
        for (const [i, drawn] of drawShares(center.labels, random).entries())
          results.push({ share: drawnShares[i], ...(await judgeSubset(task, center, heads, rows, drawn)) })
        draws.push(results)
      }
      return meanResults(draws)
    })
  } finally {
    for (const head of heads) await head.close()
  }
}

// `drawn` counts among the patches of the center.
async function judgeSubset(
  { threshold, align, reference, threads }: ShareTask,
  { center, places, labels, whole, plain }: ShareCenter,
  heads: readonly Head[],
  rows: RowSource,
  drawn: Uint32Array,
): Promise<Omit<ShareResult, 'share'>> {
  const own = drawn.map((i) => places[i])
  const truth = Uint8Array.from(drawn, (i) => labels[i])
  const score = (probabilities: Float32Array): ShareScores => {
    const figures = summarize({ labels: truth, probabilities, threshold })
    return {
      accuracy: figures.accuracy,
      balancedAccuracy: figures.balancedAccuracy!,
      auroc: figures.auroc!,
    }
  }
  const x = await loadRows(reorderRows(rows, own))
  const all = Uint32Array.from(own.keys())
  const maps = await alignCenters([{ center, x: rowsOf(x), rows: all }], align, reference, threads)
  const mapped = await openMappedRows(x, new Uint8Array(own.length), maps, threads)
  try {
    const bySeed: Float32Array[] = []
    for (const head of heads) bySeed.push(await predictRows(head, mapped))
    const pick = (probabilities: Float32Array) => Float32Array.from(own, (row) => probabilities[row])
    return {
      own: score(averageProbabilities(bySeed)),
      whole: score(pick(whole)),
      ...(plain && { plain: score(pick(plain)) }),
    }
  } finally {
    await mapped.close()
  }
}

// Of results with the same shares, share by share.
function meanResults(all: readonly (readonly ShareResult[])[]): ShareResult[] {
  const mean = (pick: (results: readonly ShareResult[]) => number) =>
    all.reduce((sum, results) => sum + pick(results), 0) / all.length
  return all[0].map(({ share, plain }, i) => {
    const meanScores = (of: 'own' | 'whole' | 'plain'): ShareScores => ({
      accuracy: mean((results) => results[i][of]!.accuracy),
      balancedAccuracy: mean((results) => results[i][of]!.balancedAccuracy),
      auroc: mean((results) => results[i][of]!.auroc),
    })
    const [own, whole] = [meanScores('own'), meanScores('whole')]
    return { share, own, whole, ...(plain && { plain: meanScores('plain') }) }
  })
}
