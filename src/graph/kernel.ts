// An element-wise graph as one WebAssembly SIMD loop: every array is read once and written once, where ONNX
// Runtime would make a pass over memory for each op. Optimizer updates are run this way on CPU.
// Source: the WebAssembly core specification 2.0, chapter 5 (binary format), with its vector instructions.

import { ShapeError } from '../base/index.ts'
import { sortValues } from './sort.ts'
import { type OpAttributes, type OpName, showShape, type Value } from './value.ts'

/** A kernel as bytes, and the order of its arguments. */
export interface Kernel {
  /**
   * A WebAssembly module: imports `m.m` (a memory), exports `run(count, ...arrays, ...scalars)`. `count` is the
   * number of elements, a multiple of 4; arrays are byte offsets, outputs may lie on inputs; scalars are f32.
   */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Names of the array arguments: inputs of the graph, then outputs. */
  readonly arrays: readonly string[]
  /** Names of the scalar arguments. */
  readonly scalars: readonly string[]
}

const i32 = 0x7f
const f32 = 0x7d
const v128 = 0x7b

// Vector instructions follow the prefix 0xfd.
const vectorOps = {
  load: 0,
  store: 11,
  constant: 12,
  splat: 19,
  abs: 224,
  neg: 225,
  sqrt: 227,
  add: 228,
  sub: 229,
  mul: 230,
  div: 231,
  minimum: 232,
  maximum: 233,
} as const satisfies Partial<Record<OpName, number>> & Record<string, number>

/**
 * Compiles `outputs`, whose inputs are f32 arrays of one shape or scalars (`[]`). Throws ShapeError for an op
 * that a kernel does not have (`canFuse` tells).
 */
export function emitKernel(outputs: Readonly<Record<string, Value>>): Kernel {
  const values = sortValues(Object.values(outputs))
  const leaves = values.filter(({ op }) => op === 'input')
  const isScalar = ({ shape }: Value) => shape.length === 0
  const arrayInputs = leaves.filter((value) => !isScalar(value))
  const scalarInputs = leaves.filter(isScalar)
  const nameOf = (value: Value) => (value.attributes as OpAttributes['input']).name
  const arrays = [...arrayInputs.map(nameOf), ...Object.keys(outputs)]
  // Locals: count, array offsets, scalars; then the position, and a vector for each value.
  const position = 1 + arrays.length + scalarInputs.length
  const localOf = new Map(values.map((value, i) => [value, position + 1 + i]))
  const before: number[] = []
  const inside: number[] = []
  for (const value of values) {
    const set = [0x21, ...leb(localOf.get(value)!)]
    if (value.op === 'input' && isScalar(value)) {
      const argument = 1 + arrays.length + scalarInputs.indexOf(value)
      before.push(0x20, ...leb(argument), ...vector('splat'), ...set)
    } else if (value.op === 'input') {
      inside.push(...address(1 + arrayInputs.indexOf(value), position), ...vector('load'), 2, 0, ...set)
    } else if (value.op === 'constant') {
      before.push(...vector('constant'), ...splatBytes(value), ...set)
    } else {
      const operands = value.inputs.flatMap((from) => [0x20, ...leb(localOf.get(from)!)])
      inside.push(...operands, ...vector(instructionOf(value)), ...set)
    }
  }
  Object.values(outputs).forEach((value, i) => {
    const pointer = 1 + arrayInputs.length + i
    inside.push(...address(pointer, position), 0x20, ...leb(localOf.get(value)!), ...vector('store'), 2, 0)
  })
  const locals = [2, 1, i32, ...leb(values.length), v128]
  const parameters = [i32, ...arrays.map(() => i32), ...scalarInputs.map(() => f32)]
  const body = [...locals, ...before, ...loop(position, inside), 0x0b]
  return { bytes: assembleModule(parameters, body), arrays, scalars: scalarInputs.map(nameOf) }
}

function instructionOf(value: Value): keyof typeof vectorOps {
  if (Object.hasOwn(vectorOps, value.op) && value.dtype === 'f32') return value.op as keyof typeof vectorOps
  throw new ShapeError({
    where: 'kernel',
    expected: Object.keys(vectorOps).join(', '),
    got: `${value.dtype} ${value.op}`,
  })
}

function vector(name: keyof typeof vectorOps): number[] {
  return [0xfd, ...leb(vectorOps[name])]
}

function splatBytes(value: Value): number[] {
  const { array } = value.attributes as OpAttributes['constant']
  if (array.dtype !== 'f32' || array.data.length !== 1) {
    throw new ShapeError({
      where: 'kernel',
      expected: 'scalar f32 constants',
      got: `${array.dtype} ${showShape(array.shape)}`,
    })
  }
  const bytes = new Uint8Array(new Float32Array([array.data[0] as number]).buffer)
  return [...bytes, ...bytes, ...bytes, ...bytes]
}

// offset + position
function address(pointer: number, position: number): number[] {
  return [0x20, ...leb(pointer), 0x20, ...leb(position), 0x6a]
}

// count *= 4 (bytes); if (count) do { body; position += 16 } while (position < count)
function loop(position: number, body: readonly number[]): number[] {
  const bytes = [0x20, 0, 0x41, 2, 0x74, 0x22, 0]
  const next = [0x20, ...leb(position), 0x41, 16, 0x6a, 0x22, ...leb(position), 0x20, 0, 0x49, 0x0d, 0]
  return [...bytes, 0x04, 0x40, 0x03, 0x40, ...body, ...next, 0x0b, 0x0b]
}

function assembleModule(parameters: readonly number[], body: readonly number[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...leb(parameters.length), ...parameters, 0]), // one type: parameters to nothing
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 0x02, 0, 1]), // import memory m.m, at least one page
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]), // export run
    ...section(10, [1, ...leb(body.length), ...body]),
  ])
}

// Unsigned LEB128.
function leb(value: number): number[] {
  const low = value & 0x7f
  const rest = value >>> 7
  return rest === 0 ? [low] : [low | 0x80, ...leb(rest)]
}
