// What a padded axis reads, by mode: one rule for what is computed and for its gradient.

import type { PadMode } from './value.ts'

/** For each position of an axis of `size`, padded by `before` and `after`, the element that is read there; null for zeros. */
export function padPositions(size: number, before: number, after: number, mode: PadMode): (number | null)[] {
  return Array.from({ length: before + size + after }, (_, i) => {
    const at = i - before
    if (at >= 0 && at < size) return at
    if (mode === 'constant') return null
    if (mode === 'edge') return at < 0 ? 0 : size - 1
    return at < 0 ? -at : 2 * (size - 1) - at
  })
}
