// Resizing and cropping as Pillow and torchvision do them, byte for byte: a separable filter widened by the
// scale (antialias), coefficients in fixed point of 22 bits, an 8-bit picture between the two passes.
// Reference: Pillow 9.4, src/libImaging/Resample.c; torchvision 0.14, transforms.functional.

import { type Pixels, pickNamed, pixels, ShapeError } from '../base/index.ts'

interface Filter {
  /** Half its width, in pixels of the larger of the two pictures. */
  readonly support: number
  weigh(x: number): number
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

/** The filters, as Pillow names them. */
export const resizeFilters = {
  box: { support: 0.5, weigh: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weigh: (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x))),
  },
  bicubic: { support: 2, weigh: weighCubic },
  lanczos: { support: 3, weigh: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, Filter>

/** A filter's name. */
export type ResizeFilter = keyof typeof resizeFilters

// Keys' cubic convolution with a = -0.5.
function weighCubic(x: number): number {
  const t = Math.abs(x)
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2
  return 0
}

/**
 * Resizes every patch to `height` x `width` pixels, whatever the aspect.
 * Throws ShapeError for a side below 1, UnknownNameError for another filter.
 */
export function resizePixels(batch: Pixels, height: number, width: number, filter: ResizeFilter): Pixels {
  if (!(height >= 1 && width >= 1)) {
    throw new ShapeError({
      where: 'resize',
      expected: 'sides of at least 1 pixel',
      got: `${height}x${width}`,
    })
  }
  const chosen = pickNamed<Filter>('resize filter', resizeFilters, filter)
  const wide = batch.width === width ? batch : resizeRows(batch, buildTaps(chosen, batch.width, width))
  return wide.height === height ? wide : resizeColumns(wide, buildTaps(chosen, wide.height, height))
}

/** Bits of the fixed-point weights of a resize. */
export const resizePrecision = 22

/**
 * The weights by which one axis is resized: row-major [outputs, inputs], whole numbers of 2 ** -resizePrecision.
 * A byte is floor(sum / 2 ** resizePrecision + 1/2), kept within 0 to 255; rows are done first, then columns.
 */
export function resizeWeights(filter: ResizeFilter, inputs: number, outputs: number): Int32Array {
  const taps = buildTaps(pickNamed<Filter>('resize filter', resizeFilters, filter), inputs, outputs)
  const weights = new Int32Array(outputs * inputs)
  for (let to = 0; to < outputs; to++) {
    const own = taps.weights.subarray(to * taps.width, to * taps.width + taps.count[to])
    weights.set(own, to * inputs + taps.from[to])
  }
  return weights
}

/** The sides of a picture whose shorter side becomes `size` and the longer follows in proportion, rounded down. */
export function shorterSides(height: number, width: number, size: number): { height: number; width: number } {
  return height <= width
    ? { height: size, width: Math.floor((size * width) / height) }
    : { height: Math.floor((size * height) / width), width: size }
}

/** The central `height` x `width` of every patch; what lies outside a smaller patch is black. */
export function cropCenter(batch: Pixels, height: number, width: number): Pixels {
  const top = cropStart(batch.height, height)
  const left = cropStart(batch.width, width)
  const cropped = new Uint8Array(batch.count * height * width * 3)
  const first = Math.max(0, left)
  const last = Math.min(batch.width, left + width)
  for (let i = 0; i < batch.count; i++) {
    for (let y = Math.max(0, -top); y < height && y + top < batch.height; y++) {
      const row = (i * batch.height + y + top) * batch.width
      const target = ((i * height + y) * width + first - left) * 3
      cropped.set(batch.data.subarray((row + first) * 3, (row + last) * 3), target)
    }
  }
  return pixels(cropped, batch.count, height, width)
}

/**
 * Where a central crop begins, negative where the side is smaller. torchvision crops at round((side - crop) / 2), a
 * half going to the even side; it pads a smaller picture by floor((crop - side) / 2) on the left.
 */
export function cropStart(side: number, crop: number): number {
  if (crop > side) return -Math.floor((crop - side) / 2)
  const half = (side - crop) / 2
  const down = Math.floor(half)
  return half === down || down % 2 === 0 ? down : down + 1
}

/** For each output position: where its input begins, and the fixed-point weight of each input from there. */
interface Taps {
  readonly size: number
  readonly from: Int32Array
  readonly count: Int32Array
  readonly weights: Int32Array
  readonly width: number
}

function buildTaps(filter: Filter, inputs: number, outputs: number): Taps {
  const scale = inputs / outputs
  const stretch = Math.max(1, scale)
  const support = filter.support * stretch
  const width = Math.ceil(support) * 2 + 1
  const taps = {
    size: outputs,
    from: new Int32Array(outputs),
    count: new Int32Array(outputs),
    weights: new Int32Array(outputs * width),
    width,
  }
  const exact = new Float64Array(width)
  for (let to = 0; to < outputs; to++) {
    const center = (to + 0.5) * scale
    const from = Math.max(0, Math.trunc(center - support + 0.5))
    const count = Math.min(inputs, Math.trunc(center + support + 0.5)) - from
    let sum = 0
    for (let i = 0; i < count; i++) {
      exact[i] = filter.weigh((i + from - center + 0.5) * (1 / stretch))
      sum += exact[i]
    }
    for (let i = 0; i < count; i++) {
      const weight = (sum === 0 ? exact[i] : exact[i] / sum) * 2 ** resizePrecision
      taps.weights[to * width + i] = Math.trunc(weight + (weight < 0 ? -0.5 : 0.5))
    }
    taps.from[to] = from
    taps.count[to] = count
  }
  return taps
}

const half = 1 << (resizePrecision - 1)

function resizeRows(batch: Pixels, taps: Taps): Pixels {
  const { size, from, count, weights } = taps
  const rows = batch.count * batch.height
  const data = new Uint8ClampedArray(rows * size * 3)
  for (let row = 0; row < rows; row++) {
    for (let to = 0; to < size; to++) {
      let red = half
      let green = half
      let blue = half
      let at = (row * batch.width + from[to]) * 3
      const first = to * taps.width
      for (let tap = first; tap < first + count[to]; tap++, at += 3) {
        const weight = weights[tap]
        red += batch.data[at] * weight
        green += batch.data[at + 1] * weight
        blue += batch.data[at + 2] * weight
      }
      const target = (row * size + to) * 3
      data[target] = red >> resizePrecision
      data[target + 1] = green >> resizePrecision
      data[target + 2] = blue >> resizePrecision
    }
  }
  return pixels(new Uint8Array(data.buffer), batch.count, batch.height, size)
}

// Along columns neighbouring bytes share their weights: whole rows are added up.
function resizeColumns(batch: Pixels, taps: Taps): Pixels {
  const { size, from, count, weights } = taps
  const stride = batch.width * 3
  const data = new Uint8ClampedArray(batch.count * size * stride)
  const sums = new Int32Array(stride)
  for (let i = 0; i < batch.count; i++) {
    for (let to = 0; to < size; to++) {
      sums.fill(half)
      for (let tap = 0; tap < count[to]; tap++) {
        const weight = weights[to * taps.width + tap]
        const row = (i * batch.height + from[to] + tap) * stride
        for (let at = 0; at < stride; at++) sums[at] += batch.data[row + at] * weight
      }
      const target = (i * size + to) * stride
      for (let at = 0; at < stride; at++) data[target + at] = sums[at] >> resizePrecision
    }
  }
  return pixels(new Uint8Array(data.buffer), batch.count, size, batch.width)
}
