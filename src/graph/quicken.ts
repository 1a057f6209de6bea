// A graph of image networks, the same with fewer multiplications, for processors: convolutions in Winograd's
// form, what lies between them in the layout of that form, and convolutions to few channels as transposed ones.

import { sizeOf } from '../base/index.ts'
import { addAxes, transpose, writeConvTranspose } from './ops/index.ts'
import { sortValues } from './sort.ts'
import { turnKernels, writeTurned } from './turnKernels.ts'
import { constant, makeValue, type OpAttributes, type OpName, type Value } from './value.ts'
import { isPlain, isWorthIt, kernelsInBasis, readUnstrided, writeWinograd } from './winograd.ts'

/**
 * The same outputs, by the same names; before gradients are taken, theirs are cheaper too. Values differ by rounding: those
 * of a convolution by about 5e-6 of its largest. Kernels in Winograd's form have four times the size: more memory.
 */
export function quickenConvolutions(outputs: Readonly<Record<string, Value>>): Record<string, Value> {
  const images = openLayouts()
  const kernelsOf = new Map<Value, Value>()
  for (const value of sortValues(Object.values(outputs))) {
    const found = readUnstrided(value)
    if (found && isWorthIt(found)) {
      const weight = images.plain(found.weight)
      const kernels = obtain(kernelsOf, weight, () => kernelsInBasis(weight))
      images.setLaid(value, writeWinograd(images.laid(found.image), kernels, found))
    } else if (value.inputs.some(images.isLaid) && canBeLaid(value)) {
      images.setLaid(value, writeLaid(value, value.inputs.map(images.laid)))
    } else {
      const inputs = value.inputs.map(images.plain)
      const isSame = inputs.every((input, i) => input === value.inputs[i])
      images.setPlain(value, transposeNarrow(isSame ? value : { ...value, inputs }))
    }
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, images.plain(value)]))
}

// Images are plain, [N,C,H,W], or laid, [H,W,N,C]; the other form of a value is made when it is first asked for.
function openLayouts() {
  const plain = new Map<Value, Value>()
  const laid = new Map<Value, Value>()
  const madeLaid = new Set<Value>()
  return {
    isLaid: (value: Value) => madeLaid.has(value),
    setPlain: (value: Value, form: Value) => void plain.set(value, form),
    setLaid(value: Value, form: Value) {
      laid.set(value, form)
      madeLaid.add(value)
    },
    plain: (value: Value) => obtain(plain, value, () => swapHalves(laid.get(value)!)),
    laid: (value: Value) => obtain(laid, value, () => swapHalves(plain.get(value)!)),
  }
}

function obtain(known: Map<Value, Value>, value: Value, make: () => Value): Value {
  const found = known.get(value) ?? make()
  known.set(value, found)
  return found
}

const halvesSwapped = [2, 3, 0, 1]

// From one layout to the other; a value of fewer axes as it is broadcast.
function swapHalves(x: Value): Value {
  if (x.shape.length === 0) return x
  const missing = 4 - x.shape.length
  return transpose(addAxes(x, [...Array(missing).keys()]), halvesSwapped)
}

// Element by element, or sums that keep their axes.
const anyLayout: ReadonlySet<OpName> = new Set<OpName>([
  ...(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'where', 'greater', 'equal', 'and'] as const),
  ...([
    'neg',
    'abs',
    'sign',
    'sqrt',
    'exp',
    'log',
    'tanh',
    'sigmoid',
    'softplus',
    'relu',
    'leakyRelu',
  ] as const),
  ...(['reduceSum', 'reduceMean'] as const),
])

const canBeLaid = ({ op, shape }: Value) => anyLayout.has(op) && shape.length === 4

function writeLaid({ op, attributes, dtype, shape }: Value, inputs: readonly Value[]): Value {
  const axes = 'axes' in attributes ? { axes: attributes.axes.map((axis) => (axis + 2) % 4) } : {}
  const turned = halvesSwapped.map((axis) => shape[axis])
  return makeValue(op, inputs, { ...attributes, ...axes }, dtype, turned)
}

// ONNX Runtime computes channels of an image in eights: of three, five would be for nothing.
const narrow = 4

// The pixels of one small image are shared out to threads, and the sums then depend on how many those are.
const smallArea = 256

// An unstrided convolution to few channels by a kernel larger than one pixel, fixed or over a small image, as the transposed
// one with the kernel turned around: one product for every pixel of the kernel, and sums.
function transposeNarrow(value: Value): Value {
  if (value.op !== 'conv') return value
  const [image, weight] = value.inputs
  const attributes = value.attributes as OpAttributes['conv']
  const [outputs, , height, width] = weight.shape as number[]
  if (!isPlain(attributes) || outputs > narrow || height * width === 1) return value
  const isSmall = value.shape[0] === 1 && sizeOf(value.shape.slice(2) as number[]) <= smallArea
  if (weight.op !== 'constant' && !isSmall) return value
  const [top, left, bottom, right] = attributes.pads
  const cut = [height - 1 - top, width - 1 - left, height - 1 - bottom, width - 1 - right] as const
  if (cut.some((size) => size < 0)) return value
  const turned =
    weight.op === 'constant'
      ? constant(turnKernels((weight.attributes as OpAttributes['constant']).array))
      : writeTurned(weight)
  return writeConvTranspose(image, turned, { ...attributes, pads: [...cut] }, [0, 0])
}
