// The tasks of heads: maps of centers, heads of cells and of folds, their evaluations, the chosen cell trained again.

import { headMethodOf, type Recipe } from '../recipe/index.ts'
import { keyOf } from '../tasks/index.ts'
import * as cost from './costClass.ts'
import { type EmbeddingPair, type Grid, type GridCell, type GridHead, nameEmbeddings } from './grid.ts'
import { filterNeeds, type Sizes } from './layOutNeeds.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { evaluationInputs, isTransductiveCandidate, isTransductiveCell } from './steps/evaluateCell.ts'
import { findUnaligned, isAligned, judgedHeads, shareInputs } from './steps/measureShares.ts'
import { listRefits } from './steps/refit.ts'
import type { Task } from './task.ts'

/** Every task of a study that stands on embeddings and makes predictions, none before one that it needs. */
export function layOutHeads(recipe: Recipe, splits: OpenSplits, grid: Grid, sizes: Sizes): Task[] {
  return [
    ...layOutAlignments(recipe, splits, grid, sizes),
    ...layOutCells(recipe, splits, grid, sizes),
    ...layOutEvaluations(recipe, splits, grid),
    ...layOutShares(recipe, splits, grid, sizes),
    ...layOutRefits(recipe, splits, grid, sizes),
  ]
}

const embeddingKeys = ({ inputs }: EmbeddingPair): string[] => Object.values(inputs).map(keyOf)

// The maps of centers, for cells that share them once.
function layOutAlignments(
  recipe: Recipe,
  splits: OpenSplits,
  { cells }: Grid,
  { dimensionsOf }: Sizes,
): Task[] {
  const sets = Object.values(splits)
  return cells.flatMap(({ pair, adapt, aligned }): Task[] => {
    const { align } = adapt.options
    if (aligned === null || align === 'none') return []
    const { stain, augment, embed } = pair
    return [
      {
        kind: 'align',
        what: `${nameEmbeddings(pair, 'train')} ${align}`,
        of: { stain: stain.label, augment: augment.label, embed: embed.label, align },
        inputs: aligned,
        needs: [...filterNeeds(recipe, sets), ...embeddingKeys(pair)],
        items: sets.reduce((sum, { set }) => sum + set.count, 0),
        cost: cost.alignCost(
          align,
          sets.map(({ set }) => set),
          dimensionsOf(embed),
        ),
        transductive: true,
      },
    ]
  })
}

function layOutCells(
  recipe: Recipe,
  { train, val, test }: OpenSplits,
  { cells }: Grid,
  { engines, dimensionsOf }: Sizes,
): Task[] {
  const filters = filterNeeds(recipe, [train, val])
  const judged = val.set.count + (test?.set.count ?? 0)
  return cells.flatMap((cell): Task[] => {
    const { id, pair, adapt, aligned } = cell
    const { usesDevice } = headMethodOf(cell.classify)
    const layOutSeeds = (heads: readonly GridHead[], trained: number, predicted: number, held?: string) =>
      heads.map(
        ({ seed, inputs }): Task => ({
          kind: 'head',
          what: `${id}${held === undefined ? '' : ` without ${held}`} seed ${seed}`,
          of: { cell: id, seed, ...(held !== undefined && { held }) },
          inputs,
          needs: [...filters, ...embeddingKeys(pair), ...(aligned ? [keyOf(aligned)] : [])],
          items: trained,
          cost: cost.headCost(
            cell.classify,
            adapt,
            { trained, predicted },
            dimensionsOf(pair.embed),
            engines,
          ),
          ...(usesDevice && { usesDevice: true }),
          ...markCell(cell),
        }),
      )
    const rowsOf = (centers: readonly string[]) =>
      countRows(train, centers) * pair.augment.views + countRows(val, centers)
    return [
      ...layOutSeeds(cell.heads, train.set.count * pair.augment.views, judged),
      ...cell.folds.flatMap(({ fold, heads }) =>
        layOutSeeds(heads, rowsOf(fold.train), rowsOf([fold.held]), fold.held),
      ),
    ]
  })
}

const countRows = ({ set }: OpenSplit, centers: readonly string[]) =>
  set.centers!.reduce((sum, center) => sum + Number(centers.includes(center)), 0)

function layOutEvaluations(recipe: Recipe, splits: OpenSplits, { candidates }: Grid): Task[] {
  const { train, val, test } = splits
  return candidates.map((candidate) => {
    const { id, members } = candidate
    const hasFolds = members[0].folds.length > 0
    const predicted =
      val.set.count + (test?.set.count ?? 0) + (hasFolds ? train.set.count + val.set.count : 0)
    const heads = members.flatMap((cell) => [...cell.heads, ...cell.folds.flatMap((fold) => fold.heads)])
    return {
      kind: 'evaluation',
      what: id,
      of: { cell: id },
      inputs: evaluationInputs(recipe, candidate, splits),
      needs: [...filterNeeds(recipe, [train, val]), ...heads.map(({ inputs }) => keyOf(inputs))],
      items: predicted,
      cost: cost.evaluationCost(predicted),
      ...(isTransductiveCandidate(recipe, candidate) && { transductive: true as const }),
    }
  })
}

function layOutShares(recipe: Recipe, splits: OpenSplits, grid: Grid, { dimensionsOf }: Sizes): Task[] {
  const { train, val } = splits
  return grid.cells.filter(isAligned).map((cell): Task => {
    const { id, pair, adapt, aligned } = cell
    const heads = [cell, findUnaligned(grid, cell) ?? []].flat().flatMap(judgedHeads)
    const judged = cell.folds.length > 0 ? [train.set, val.set] : [val.set]
    return {
      kind: 'shares',
      what: `${id} by share of tumour`,
      of: { cell: id },
      inputs: shareInputs(recipe, grid, cell, splits),
      needs: [
        ...filterNeeds(recipe, [train, val]),
        ...embeddingKeys(pair),
        keyOf(aligned!),
        ...heads.map(({ inputs }) => keyOf(inputs)),
      ],
      items: judged.reduce((sum, { count }) => sum + count, 0),
      cost: cost.sharesCost(adapt.options.align, cell.classify.name, judged, {
        seeds: cell.heads.length,
        dimensions: dimensionsOf(pair.embed),
      }),
      ...(headMethodOf(cell.classify).usesDevice && { usesDevice: true }),
      ...markCell(cell),
    }
  })
}

// Which cell they train again follows from the evaluations: the plan takes it for the costliest.
function layOutRefits(
  recipe: Recipe,
  splits: OpenSplits,
  { cells, candidates }: Grid,
  { engines, dimensionsOf }: Sizes,
): Task[] {
  const refits = listRefits(recipe, candidates, splits)
  const { train, val, test } = splits
  const trained = train.set.count + val.set.count
  const rows = { trained, predicted: test?.set.count ?? 0 }
  const costs = cells.map(({ classify, adapt, pair }) =>
    cost.headCost(classify, adapt, rows, dimensionsOf(pair.embed), engines),
  )
  const costliest = costs.reduce((most, other) =>
    other.size * other.items > most.size * most.items ? other : most,
  )
  return refits.seeds.map(({ seed, inputs }) => ({
    kind: 'refit',
    what: `the chosen cell on train and val, seed ${seed}`,
    of: { seed },
    inputs,
    needs: refits.evaluations,
    items: trained,
    cost: costliest,
    ...(candidates.some((candidate) => isTransductiveCandidate(recipe, candidate)) && {
      transductive: true as const,
    }),
  }))
}

const markCell = (cell: GridCell): Pick<Task, 'transductive'> =>
  isTransductiveCell(cell) ? { transductive: true } : {}
