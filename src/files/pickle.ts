// Reads Python pickles of protocols 2 to 5 without running anything: names of functions and classes are looked up in
// a table of what may be built, and whatever is made by a name outside it becomes an inert placeholder. Dicts become
// Maps; tuples, lists and sets arrays. Source: Python's Lib/pickletools.py, which documents each opcode.

import { WeightsError } from '../base/index.ts'

/** Stands for a Python name in the pickle: `build` makes a value of the arguments it is called with, if it may be. */
export interface PickleGlobal {
  readonly build?: (args: readonly unknown[]) => unknown
}

/**
 * Stands for a Python name that is not in the table, and for what Python would have made by it. It takes all that a
 * pickle gives to an object, and does nothing.
 */
export class Placeholder {
  /** E.g. `argparse.Namespace`. */
  readonly name: string
  /** The arguments it was called with, states and items, in the order of the pickle. */
  readonly parts: unknown[]
  /** What was set in it by key, as in a subclass of dict. */
  readonly entries = new Map<unknown, unknown>()
  constructor(name: string, parts: unknown[] = []) {
    this.name = name
    this.parts = parts
  }
}

/** What a pickle may contain beyond plain values. */
export interface PickleRules {
  /** The names that are known, e.g. `collections.OrderedDict`. */
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
  readonly foreign: Set<string>
  stack: unknown[]
  position: number
}

const stopCode = 0x2e

/** A pickle that was read. */
export interface Pickle {
  readonly value: unknown
  /** The byte after it. */
  readonly end: number
  /** The Python names in it that are not in the table. */
  readonly foreign: readonly string[]
}

/**
 * The value of the pickle that begins at `start`. Throws WeightsError, beginning with `where`,
 * for a damaged pickle; its cause is a RangeError where the bytes end within it.
 */
export function readPickle(bytes: Uint8Array, where: string, rules: PickleRules, start = 0): Pickle {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const m: Machine = {
    bytes,
    view,
    where,
    rules,
    memo: new Map(),
    marks: [],
    foreign: new Set(),
    stack: [],
    position: start,
  }
  try {
    for (;;) {
      const code = readByte(m)
      if (code === stopCode) return { value: pop(m), end: m.position, foreign: [...m.foreign] }
      const run = operations[code]
      if (!run) throw refuse(m, `opcode 0x${code.toString(16)}`, 'only protocols 2 to 5 are read')
      run(m)
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw refuse(m, 'a pickle that ends too early', 'the file is damaged: fetch it again', cause)
  }
}

// One entry an opcode, by its code in the order of pickletools.
const operations: Readonly<Record<number, (machine: Machine) => void>> = {
  149: (m) => void advance(m, 8), // a frame's length
  128: (m) => {
    const protocol = readByte(m)
    if (protocol > 5) throw refuse(m, `pickle protocol ${protocol}`, 'save it with pickle_protocol=2')
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
  140: (m) => push(m, readText(m, readByte(m))),
  141: (m) => push(m, readText(m, readLongLength(m))),
  67: (m) => push(m, readBytes(m, readByte(m))),
  66: (m) => push(m, readBytes(m, readLength(m))),
  142: (m) => push(m, readBytes(m, readLongLength(m))),
  150: (m) => push(m, readBytes(m, readLongLength(m))),
  // Containers.
  40: (m) => void m.marks.push(m.stack.length),
  125: (m) => push(m, new Map()),
  93: (m) => push(m, []),
  41: (m) => push(m, []),
  143: (m) => push(m, []),
  116: (m) => push(m, popToMark(m)),
  145: (m) => push(m, popToMark(m)),
  133: (m) => push(m, popMany(m, 1)),
  134: (m) => push(m, popMany(m, 2)),
  135: (m) => push(m, popMany(m, 3)),
  97: (m) => append(m, popMany(m, 1)),
  101: (m) => append(m, popToMark(m)),
  144: (m) => append(m, popToMark(m)),
  115: (m) => setItems(m, popMany(m, 2)),
  117: (m) => setItems(m, popToMark(m)),
  48: (m) => void pop(m),
  49: (m) => void popToMark(m),
  50: (m) => push(m, top(m)),
  // Values met before.
  148: (m) => void m.memo.set(m.memo.size, top(m)),
  113: (m) => void m.memo.set(readByte(m), top(m)),
  114: (m) => void m.memo.set(readLength(m), top(m)),
  104: (m) => push(m, recall(m, readByte(m))),
  106: (m) => push(m, recall(m, readLength(m))),
  // What Python would import, call or fill in.
  99: (m) => push(m, lookUp(m, `${readLine(m)}.${readLine(m)}`)),
  147: (m) => push(m, lookUp(m, popMany(m, 2).join('.'))),
  82: (m) => push(m, call(m, popMany(m, 2))),
  129: (m) => push(m, call(m, popMany(m, 2))),
  146: (m) => push(m, call(m, popMany(m, 3))),
  98: (m) => {
    // Attributes: of a state dict (its _metadata) or a tensor they hold no weights.
    const state = pop(m)
    const object = top(m)
    if (object instanceof Placeholder) object.parts.push(state)
  },
  81: (m) => push(m, m.rules.loadPersistent(pop(m))),
}

function lookUp(m: Machine, name: string): PickleGlobal | Placeholder {
  if (Object.hasOwn(m.rules.globals, name)) return m.rules.globals[name]
  m.foreign.add(name)
  return new Placeholder(name)
}

function call(m: Machine, [callee, args, named]: readonly unknown[]): unknown {
  if (callee instanceof Placeholder) return new Placeholder(callee.name, [args, named])
  const isKnown = Object.values(m.rules.globals).includes(callee as PickleGlobal)
  if (!isKnown || !Array.isArray(args)) throw refuse(m, 'a call of something that is not a function')
  const { build } = callee as PickleGlobal
  if (!build) throw refuse(m, 'a call of a type that is only named')
  return build(args)
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
  const object = top(m)
  const list = object instanceof Placeholder ? object.parts : object
  if (!Array.isArray(list)) throw refuse(m, 'items for something that is not a list')
  for (const item of items) list.push(item)
}

function setItems(m: Machine, items: readonly unknown[]): void {
  const object = top(m)
  const map = object instanceof Placeholder ? object.entries : object
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

function readLongLength(m: Machine): number {
  return Number(m.view.getBigUint64(advance(m, 8), true))
}

function readBytes(m: Machine, length: number): Uint8Array {
  const start = advance(m, length)
  return m.bytes.slice(start, start + length)
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
