// A graph as text, one line a value: for reading, errors and snapshot tests.

import { sortValues } from './sort.ts'
import { type OpAttributes, showShape, type Value } from './value.ts'

/** The graph of `outputs`, one line a value, inputs first, e.g. `%3 = matmul(%0, %1) f32 [4,2]`. */
export function printGraph(outputs: Readonly<Record<string, Value>>): string {
  const numbers = new Map<Value, number>()
  const lines = sortValues(Object.values(outputs)).map((value, number) => {
    numbers.set(value, number)
    const operands = value.inputs.map((from) => `%${numbers.get(from)}`)
    const extras = Object.entries(value.attributes).map(([key, item]) => `${key}=${showAttribute(key, item)}`)
    return `%${number} = ${value.op}(${[...operands, ...extras].join(', ')}) ${value.dtype} ${showShape(value.shape)}`
  })
  const results = Object.entries(outputs).map(([name, value]) => `${name} = %${numbers.get(value)}`)
  return [...lines, ...results].join('\n')
}

function showAttribute(key: string, item: unknown): string {
  if (key === 'array') {
    const { data } = item as OpAttributes['constant']['array']
    return data.length <= 8
      ? `[${Array.from(data as ArrayLike<number | bigint>).join(',')}]`
      : `${data.length} values`
  }
  return Array.isArray(item) ? `[${item}]` : `${item}`
}
