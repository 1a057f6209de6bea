// What a network does to its images before it sees them, as graph ops, with the bytes that Pillow and `patches` make:
// resizing in fixed point is two products of whole numbers, which float64 holds exactly.

import { f32, type NdArray, ndarray } from '../base/index.ts'
import {
  add,
  cast,
  constant,
  div,
  floor,
  matmul,
  maximum,
  minimum,
  mul,
  pad,
  slice,
  sub,
  type Value,
} from '../graph/index.ts'
import {
  type ChannelValues,
  cropStart,
  type ImageTransform,
  type ResizeFilter,
  resizedSides,
  resizePrecision,
  resizeWeights,
  type Sides,
} from '../patches/index.ts'

/** Bytes [batch, 3, height, width], held as float64, as what the network eats: float32 [batch, 3, height', width']. */
export function writeTransform(bytes: Value, transform: ImageTransform): Value {
  const { filter, crop, mean, std } = transform
  const [height, width] = bytes.shape.slice(2) as number[]
  const resized = writeResize(bytes, resizedSides(transform.resize, height, width), filter)
  const sides = typeof crop === 'number' ? { height: crop, width: crop } : crop
  const kept = sides ? writeCrop(writeCrop(resized, 2, sides.height), 3, sides.width) : resized
  return normalize(kept, mean, std)
}

function writeResize(bytes: Value, { height, width }: Sides, filter: ResizeFilter): Value {
  const [from, across] = bytes.shape.slice(2) as number[]
  const wide = across === width ? bytes : roundBytes(matmul(bytes, weightsOf(filter, across, width, true)))
  return from === height ? wide : roundBytes(matmul(weightsOf(filter, from, height, false), wide))
}

function weightsOf(filter: ResizeFilter, from: number, to: number, transposed: boolean): Value {
  const weights = resizeWeights(filter, from, to)
  if (!transposed) return constant(ndarray('f64', [to, from], Float64Array.from(weights)))
  const columns = Float64Array.from(weights, (_, at) => weights[(at % to) * from + Math.floor(at / to)])
  return constant(ndarray('f64', [from, to], columns))
}

function roundBytes(sums: Value): Value {
  const rounded = floor(add(mul(sums, 2 ** -resizePrecision), 0.5))
  return minimum(maximum(rounded, 0), 255)
}

function writeCrop(x: Value, axis: number, size: number): Value {
  const side = x.shape[axis] as number
  const start = cropStart(side, size)
  if (size <= side) return slice(x, axis, start, start + size)
  const none = x.shape.map(() => 0)
  return pad(x, none.with(axis, -start), none.with(axis, size - side + start))
}

// In the order and precision of toTensor.
function normalize(bytes: Value, mean: ChannelValues | null, std: ChannelValues | null): Value {
  const channels = (values: ChannelValues): NdArray => f32([3, 1, 1], values)
  const shares = div(cast(bytes, 'f32'), 255)
  const centred = mean ? sub(shares, constant(channels(mean))) : shares
  return std ? div(centred, constant(channels(std))) : centred
}
