// A second look at two patches whose hashes are close: how alike is their detail, place by place?

import { cellsAcross, stepsPerLevel } from './cells.ts'

const block = 8
const starts = Array.from({ length: cellsAcross / block }, (_, i) => i * block)
const blocks = starts.flatMap((down) => starts.map((across) => ({ down, across })))

// Up to 4 cells, an eighth of a patch's side.
const moves = Array.from({ length: 9 }, (_, i) => i - 4)

// Standard deviation of a block of cells, in levels, below which it has no detail to compare.
const leastDetail = 3

/** Whether at least half of the sixteen blocks of 8 x 8 cells have detail: glass, black bars and blur have not. */
export function hasDetail(cells: Float64Array): boolean {
  const detailed = blocks.filter(({ down, across }) =>
    isDetailed(correlate(cells, down, across, cells, 0, 0)),
  )
  return 2 * detailed.length >= blocks.length
}

/**
 * The median correlation of blocks of 8 x 8 cells of `first` with `second`, moved by up to four cells in each direction, where
 * it is largest: 1 for a copy whatever its brightness and contrast, about 0.3 for other tissue. Blocks without detail do not
 * count. 0 where more than half are without.
 */
export function measureLikeness(first: Float64Array, second: Float64Array): number {
  let best = 0
  for (const down of moves) {
    for (const across of moves) best = Math.max(best, compareBlocks(first, second, down, across))
  }
  return best
}

function compareBlocks(
  first: Float64Array,
  second: Float64Array,
  moveDown: number,
  moveAcross: number,
): number {
  const isInside = (at: number) => at >= 0 && at + block <= cellsAcross
  const inside = blocks.filter(
    ({ down, across }) => isInside(down + moveDown) && isInside(across + moveAcross),
  )
  const found = inside
    .map(({ down, across }) => correlate(first, down, across, second, moveDown, moveAcross))
    .filter(isDetailed)
    .map(({ varianceA, varianceB, covariance }) => covariance / Math.sqrt(varianceA * varianceB))
  if (2 * found.length < inside.length) return 0
  return found.sort((a, b) => a - b)[(found.length - 1) >> 1]
}

interface Moments {
  readonly varianceA: number
  readonly varianceB: number
  readonly covariance: number
}

function isDetailed({ varianceA, varianceB }: Moments): boolean {
  return Math.min(varianceA, varianceB) >= (leastDetail * stepsPerLevel) ** 2
}

// Of a block of `first` and the one of `second` that lies so far from it.
function correlate(
  first: Float64Array,
  down: number,
  across: number,
  second: Float64Array,
  moveDown: number,
  moveAcross: number,
): Moments {
  const start = down * cellsAcross + across
  const move = moveDown * cellsAcross + moveAcross
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0]
  for (let y = 0; y < block; y++) {
    for (let at = start + y * cellsAcross, end = at + block; at < end; at++) {
      const [a, b] = [first[at], second[at + move]]
      sumA += a
      sumB += b
      squaresA += a * a
      squaresB += b * b
      products += a * b
    }
  }
  const count = block * block
  const [meanA, meanB] = [sumA / count, sumB / count]
  return {
    varianceA: squaresA / count - meanA ** 2,
    varianceB: squaresB / count - meanB ** 2,
    covariance: products / count - meanA * meanB,
  }
}

/** The cells of a patch in one of its views (as `turnHash` counts them). */
export function turnCells(cells: Float64Array, view: number): Float64Array {
  return cells.map((_, at) => {
    const down = Math.floor(at / cellsAcross)
    const y = view & 2 ? cellsAcross - 1 - down : down
    const x = view & 1 ? cellsAcross - 1 - (at % cellsAcross) : at % cellsAcross
    return view & 4 ? cells[x * cellsAcross + y] : cells[y * cellsAcross + x]
  })
}
