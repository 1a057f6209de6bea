// How the rows of batches are drawn where a permutation of all rows an epoch is not enough: groups equally often, pairs mixed,
// rows without targets beside.

import { f32, type NdArray, openRandom, type Random, type RowSource, rowsOf } from '../base/index.ts'
import { openCycle } from './cycle.ts'
import { drawBeta, mixRows } from './mixup.ts'
import { openBatch, type Samples } from './samples.ts'

/** How training rows are drawn. */
export interface Draw {
  /** The group of each row, 0, 1, ...; each has rows. A batch holds them as `groups` [rows, groups], one-hot. */
  readonly groups?: Uint16Array
  /** Whether an epoch has as many rows of each group, together at most as many as there are. */
  readonly balance?: boolean
  /** Alpha of mixup, above 0 to 1; 0 for none. Everything in a batch is mixed with one share, rows without targets among themselves. */
  readonly mixup?: number
  /** Rows without targets, `count` of which come with each batch as `unlabelled` [count, ...], all equally often. */
  readonly unlabelled?: { readonly x: NdArray<'f32'> | RowSource; readonly count: number }
}

/** Batches as they are drawn. */
export interface DrawnBatches {
  /** Rows of an epoch. */
  readonly rows: number
  /** The rows of an epoch in their order, where that is not the loop's own. */
  readonly order?: (epoch: number) => Uint32Array
  /** `x`, `y`, and with them `groups` and `unlabelled` where the draw has them; filled anew for each step. */
  readonly arrays: Readonly<Record<string, NdArray<'f32'>>>
  /** Fills the arrays for a step, 1, 2, ..., on these rows. */
  gather(rows: Uint32Array, step: number): Promise<void>
}

/** Opens batches of at most `batchSize` rows. */
export function openDraw(samples: Samples, batchSize: number, draw: Draw, seed: number): DrawnBatches {
  const { groups, mixup = 0, unlabelled } = draw
  const balanced = draw.balance && groups ? balanceGroups(groups, seed) : undefined
  const rows = balanced?.rows ?? samples.x.shape[0]
  const size = Math.min(batchSize, rows)
  const batch = openBatch(samples, size)
  const arrays: Record<string, NdArray<'f32'>> = { ...batch.arrays }
  if (groups) arrays.groups = f32([size, countGroups(groups)])
  const beside = unlabelled && openUnlabelled(unlabelled, seed)
  if (beside) arrays.unlabelled = beside.array
  return {
    rows,
    order: balanced?.order,
    arrays,
    async gather(drawn, step) {
      await batch.gather(drawn)
      if (groups) markGroups(groups, drawn, arrays.groups)
      await beside?.gather(step)
      if (mixup > 0) mixBatch(arrays, mixup, openRandom(seed, 'mixup', step))
    },
  }
}

function countGroups(groups: Uint16Array): number {
  return groups.reduce((most, group) => Math.max(most, group), 0) + 1
}

// Every group goes through its own rows, one permutation after the other, over all epochs.
function balanceGroups(groups: Uint16Array, seed: number): Required<Pick<DrawnBatches, 'rows' | 'order'>> {
  const members: number[][] = Array.from({ length: countGroups(groups) }, () => [])
  groups.forEach((group, row) => void members[group].push(row))
  const cycles = members.map(({ length }, group) => openCycle(length, seed, 'balance', group))
  const share = Math.floor(groups.length / members.length)
  return {
    rows: share * members.length,
    order(epoch) {
      const drawn = cycles.flatMap((cycle, group) =>
        Array.from(cycle.take((epoch - 1) * share, share), (place) => members[group][place]),
      )
      return openRandom(seed, 'order', epoch)
        .permutation(drawn.length)
        .map((place) => drawn[place])
    },
  }
}

function markGroups(groups: Uint16Array, rows: Uint32Array, { data, shape }: NdArray<'f32'>): void {
  data.fill(0)
  for (const [i, row] of rows.entries()) data[i * shape[1] + groups[row]] = 1
}

function openUnlabelled({ x, count }: NonNullable<Draw['unlabelled']>, seed: number) {
  const source = rowsOf(x)
  const cycle = openCycle(x.shape[0], seed, 'unlabelled')
  const array = f32([count, ...x.shape.slice(1)])
  return {
    array,
    gather: (step: number) => source.gather(cycle.take((step - 1) * count, count), array.data),
  }
}

function mixBatch(
  { unlabelled, ...labelled }: Readonly<Record<string, NdArray<'f32'>>>,
  alpha: number,
  random: Random,
): void {
  const share = drawBeta(alpha, random)
  const partners = random.permutation(labelled.x.shape[0])
  for (const array of Object.values(labelled)) mixRows(array, partners, share)
  if (unlabelled) mixRows(unlabelled, random.permutation(unlabelled.shape[0]), share)
}
