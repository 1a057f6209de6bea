// Reads Python pickles of protocol 2 without running anything: names of functions and classes are looked up in
// a table of what may be built, and a name outside it is an error. Dicts become Maps, tuples and lists arrays.
// Source: Python's Lib/pickletools.py, which documents each opcode.

import { WeightsError } from '../base/index.ts'

/** Stands for a Python name in the pickle: `build` makes a value of the arguments it is called with, if it may be. */
export interface PickleGlobal {
  readonly build?: (args: readonly unknown[]) => unknown
}

/** What a pickle may contain beyond plain values. */
export interface PickleRules {
  /** Allowed names, e.g. `collections.OrderedDict`. */
  readonly globals: Readonly<Record<string, PickleGlobal>>
  /** Makes a value of a persistent id (torch's name for a storage). */
  readonly loadPersistent: (id: unknown) => unknown
}

interface Machine {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly where: string
  readonly rules: PickleRules
  readonly memo: Map<number, unknown>
  readonly marks: number[]
  stack: unknown[]
  position: number
}

const stopCode = 0x2e

/** The value in `bytes`. Throws WeightsError, beginning with `where`, for a name that is not allowed, another
 * opcode than those of plain data, or a damaged pickle. */
export function readPickle(bytes: Uint8Array, where: string, rules: PickleRules): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const machine: Machine = { bytes, view, where, rules, memo: new Map(), marks: [], stack: [], position: 0 }
  try {
    for (;;) {
      const code = readByte(machine)
      if (code === stopCode) return pop(machine)
      const run = operations[code]
      if (!run)
        throw refuse(machine, `opcode 0x${code.toString(16)}`, 'only plain data of protocol 2 is read')
      run(machine)
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw refuse(machine, 'a pickle that ends too early', 'the file is damaged: fetch it again', cause)
  }
}

// One entry an opcode, by its code in the order of pickletools.
const operations: Readonly<Record<number, (machine: Machine) => void>> = {
  128: (m) => {
    const protocol = readByte(m)
    if (protocol > 2)
      throw refuse(m, `pickle protocol ${protocol}`, 'save it with pickle_protocol=2, the default')
  },
  // Plain values.
  78: (m) => push(m, null),
  136: (m) => push(m, true),
  137: (m) => push(m, false),
  75: (m) => push(m, readByte(m)),
  77: (m) => push(m, m.view.getUint16(advance(m, 2), true)),
  74: (m) => push(m, m.view.getInt32(advance(m, 4), true)),
  138: (m) => push(m, readLong(m, readByte(m))),
  139: (m) => push(m, readLong(m, readLength(m))),
  71: (m) => push(m, m.view.getFloat64(advance(m, 8), false)),
  85: (m) => push(m, readText(m, readByte(m))),
  84: (m) => push(m, readText(m, readLength(m))),
  88: (m) => push(m, readText(m, readLength(m))),
  // Containers.
  40: (m) => void m.marks.push(m.stack.length),
  125: (m) => push(m, new Map()),
  93: (m) => push(m, []),
  41: (m) => push(m, []),
  116: (m) => push(m, popToMark(m)),
  133: (m) => push(m, popMany(m, 1)),
  134: (m) => push(m, popMany(m, 2)),
  135: (m) => push(m, popMany(m, 3)),
  97: (m) => append(m, popMany(m, 1)),
  101: (m) => append(m, popToMark(m)),
  115: (m) => setItems(m, popMany(m, 2)),
  117: (m) => setItems(m, popToMark(m)),
  48: (m) => void pop(m),
  49: (m) => void popToMark(m),
  // Values met before.
  113: (m) => void m.memo.set(readByte(m), top(m)),
  114: (m) => void m.memo.set(readLength(m), top(m)),
  104: (m) => push(m, recall(m, readByte(m))),
  106: (m) => push(m, recall(m, readLength(m))),
  // What Python would import, call or fill in: only what the table allows.
  99: (m) => push(m, lookUp(m, `${readLine(m)}.${readLine(m)}`)),
  82: (m) => {
    const [callee, args] = popMany(m, 2)
    const build =
      Object.values(m.rules.globals).includes(callee as PickleGlobal) && (callee as PickleGlobal).build
    if (!build || !Array.isArray(args)) throw refuse(m, 'a call of something that is not a function')
    push(m, build(args))
  },
  98: (m) => {
    pop(m) // attributes such as a state dict's _metadata, which hold no weights
    if (!(top(m) instanceof Map)) throw refuse(m, 'an object with a state of its own')
  },
  81: (m) => push(m, m.rules.loadPersistent(pop(m))),
}

function lookUp(m: Machine, name: string): PickleGlobal {
  if (Object.hasOwn(m.rules.globals, name)) return m.rules.globals[name]
  throw new WeightsError({
    where: m.where,
    expected: 'tensors only',
    got: `the Python name '${name}', which loading would run`,
    hint: 'nothing was run; get the checkpoint as safetensors, or save only its state dict, from a source you trust',
  })
}

function push(m: Machine, value: unknown): void {
  m.stack.push(value)
}

function pop(m: Machine): unknown {
  return popMany(m, 1)[0]
}

function popMany(m: Machine, count: number): unknown[] {
  if (m.stack.length < count) throw refuse(m, 'a pickle that takes more than it gave')
  return m.stack.splice(m.stack.length - count)
}

function popToMark(m: Machine): unknown[] {
  const mark = m.marks.pop()
  if (mark === undefined || mark > m.stack.length)
    throw refuse(m, 'a pickle without the mark it goes back to')
  return m.stack.splice(mark)
}

function top(m: Machine): unknown {
  if (m.stack.length === 0) throw refuse(m, 'a pickle that takes more than it gave')
  return m.stack[m.stack.length - 1]
}

function recall(m: Machine, key: number): unknown {
  if (!m.memo.has(key)) throw refuse(m, `a reference to ${key}, which is not there`)
  return m.memo.get(key)
}

function append(m: Machine, items: readonly unknown[]): void {
  const list = top(m)
  if (!Array.isArray(list)) throw refuse(m, 'items for something that is not a list')
  for (const item of items) list.push(item)
}

function setItems(m: Machine, items: readonly unknown[]): void {
  const map = top(m)
  if (!(map instanceof Map) || items.length % 2) throw refuse(m, 'items for something that is not a dict')
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1])
}

// Moves past `length` bytes and returns where they start.
function advance(m: Machine, length: number): number {
  const start = m.position
  if (start + length > m.bytes.length) throw new RangeError('end of pickle')
  m.position += length
  return start
}

function readByte(m: Machine): number {
  return m.bytes[advance(m, 1)]
}

function readLength(m: Machine): number {
  return m.view.getUint32(advance(m, 4), true)
}

function readText(m: Machine, length: number): string {
  const start = advance(m, length)
  return new TextDecoder().decode(m.bytes.subarray(start, start + length))
}

function readLine(m: Machine): string {
  const end = m.bytes.indexOf(0x0a, m.position)
  if (end < 0) throw new RangeError('end of pickle')
  const line = readText(m, end - m.position)
  m.position = end + 1
  return line
}

// Little-endian two's complement. Sizes and counts fit a number; nothing else matters here.
function readLong(m: Machine, length: number): number {
  const start = advance(m, length)
  let value = 0
  for (let i = 0; i < length; i++) value += m.bytes[start + i] * 256 ** i
  return length > 0 && m.bytes[start + length - 1] & 0x80 ? value - 256 ** length : value
}

function refuse(m: Machine, got: string, hint?: string, cause?: unknown): WeightsError {
  return new WeightsError({ where: `${m.where} at byte ${m.position}`, got, hint }, cause)
}
