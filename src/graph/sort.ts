// The order of a graph: every value after its inputs.

import type { Value } from './value.ts'

/** All values that `roots` depend on, inputs first; without recursion, as graphs may be thousands deep. */
export function sortValues(roots: readonly Value[]): Value[] {
  const order: Value[] = []
  const seen = new Set<Value>()
  const stack: { value: Value; next: number }[] = []
  const visit = (value: Value) => {
    if (seen.has(value)) return
    seen.add(value)
    stack.push({ value, next: 0 })
  }
  for (const root of roots) {
    visit(root)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (top.next < top.value.inputs.length) {
        visit(top.value.inputs[top.next++])
      } else {
        order.push(top.value)
        stack.pop()
      }
    }
  }
  return order
}
