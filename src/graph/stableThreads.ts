// On how many threads a graph gives the same bits on a processor. ONNX Runtime (1.30) cuts some products along the sums'
// other axis, one piece a thread, and how it then groups a sum depends on how wide a piece is; other ops choose another way
// of summing where threads are many. What is said here was found by trial on 1 to 16 threads and read in its source
// (mlas/lib/sgemm.cpp, convolve.cpp; core/providers/cpu/reduction).

import { sizeOf } from '../base/index.ts'
import { joinAxes, simplify } from './simplify.ts'
import { sortValues } from './sort.ts'
import type { OpAttributes, Shape, Side, Value } from './value.ts'

// More threads than anything is shared out to.
const most = 256

/**
 * The most threads on which `outputs`, emitted as they are, have the bits that they have on one; Infinity where it makes no
 * difference. A side that is only known at run time may have any length, up to some thousands.
 */
export function stableThreads(outputs: Readonly<Record<string, Value>>): number {
  const values = sortValues(Object.values(simplify(outputs)))
  return values.reduce((least, value) => Math.min(least, limitOf(value)), Number.POSITIVE_INFINITY)
}

function limitOf(value: Value): number {
  const { op, shape } = value
  if (op === 'matmul' || op === 'gemm') return limitOfProduct(value)
  if (op === 'conv') return limitOfConvolution(value)
  if (op === 'reduceSum' || op === 'reduceMean') return limitOfReduction(value)
  // Computed in vectors, but one by one at the end of each thread's piece, and the two differ in the last bit.
  if (op === 'log' || op === 'softplus') return countOf(shape) > elementsOfOneThread ? 1 : unlimited
  return unlimited
}

const unlimited = Number.POSITIVE_INFINITY

// Fewer are never shared out: it would cost more than it saves.
const elementsOfOneThread = 8192

// What is not known counts as one.
function countOf(shape: Shape): number {
  return sizeOf(shape.map((side) => (typeof side === 'number' ? side : 1)))
}

function limitOfProduct(value: Value): number {
  const { transposeA, scale = 1 } = value.attributes as OpAttributes['matmul'] & { scale?: number }
  const [a, b] = value.inputs
  // A transposed factor is copied in steps of a fixed length; one that is constant is laid out beforehand.
  if (transposeA || (b.op === 'constant' && b.shape.length === 2)) return unlimited
  if (a.shape.length < 2 || b.shape.length < 2) return unlimited // one row or one column is summed as it stands
  const inner = a.shape[a.shape.length - 1]
  const columns = value.shape[value.shape.length - 1]
  const stacked = b.shape.length === 2 ? a.shape.slice(0, -1) : a.shape.slice(-2, -1)
  const products = b.shape.length === 2 ? 1 : countOf(value.shape.slice(0, -2))
  const rows = stacked.some((side) => typeof side === 'string') ? null : countOf(stacked)
  if (rows === 1 && scale === 1) return unlimited
  return products * limitOfPieces(rows, inner, columns, cutEvenly)
}

function limitOfConvolution({ inputs: [image, weight], attributes, shape }: Value): number {
  const { groups } = attributes as OpAttributes['conv']
  // Several images or groups are shared out whole.
  if (groups > 1 || (typeof image.shape[0] === 'number' && image.shape[0] > 1)) return unlimited
  const [filters, ...kernel] = weight.shape as number[]
  const pixels = countOf(shape.slice(2))
  return limitOfPieces(filters > pixels ? filters : null, sizeOf(kernel), pixels, cutFromStart)
}

// Of a product [rows, inner] x [inner, columns]; rows that are not known are null.
function limitOfPieces(rows: number | null, inner: Side, columns: Side, cut: Cut): number {
  if (typeof inner !== 'number' || typeof columns !== 'number' || inner <= stepOfSum) return unlimited
  // Cut into rows, each summed as before; but one row by itself is summed in another way.
  if (rows !== null && rows >= columns) return Math.max(1, rows >> 1)
  const whole = stepFor(columns, inner)
  for (let threads = 2; threads <= Math.min(most, columns / block); threads++) {
    if (cut(columns, threads).some((piece) => stepFor(piece, inner) !== whole)) return threads - 1
  }
  return unlimited
}

// The widths of the pieces that columns are cut into, blocks of columns being kept together.
type Cut = (columns: number, threads: number) => readonly number[]
const block = 16

// A product's pieces differ by a block at most.
const cutEvenly: Cut = (columns, threads) => {
  const blocks = Math.ceil(columns / block)
  const missing = blocks * block - columns
  const [small, large] = [Math.floor(blocks / threads), Math.ceil(blocks / threads)]
  return [large * block, small * block - missing]
}

// A convolution's pieces are as wide as the first, but for the last.
const cutFromStart: Cut = (columns, threads) => {
  const piece = Math.ceil(Math.ceil(columns / threads) / block) * block
  return [piece, columns % piece || piece]
}

// Products of so many pairs are summed up before they are added to a result.
const stepOfSum = 128

// The same for a piece of so many columns: fewer columns leave room for longer sums.
function stepFor(columns: number, inner: number): number {
  let [width, step] = [128, stepOfSum]
  if (columns >= inner) return step
  while (width > 16 && width / 2 >= columns) {
    width /= 2
    step *= 2
  }
  return Math.min(step, inner)
}

// What simplify leaves of sums that are made in two ways: sides are not known.
function limitOfReduction({ inputs: [x], attributes }: Value): number {
  const { axes } = attributes as OpAttributes['reduceSum']
  const runs = joinAxes(
    x.shape.map((side) => (typeof side === 'number' ? side : 2)),
    axes,
  )
  return runs.length === 3 ? 1 : unlimited
}
