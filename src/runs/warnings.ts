// What the guards found, as warnings: a plan, a run and a study that is sent away say the same.

import type { OrderFinding } from '../guards/orderFindings.ts'
import { describeOrder, isTelling, orderAdvice } from './orders.ts'
import { describeOverlap } from './overlap.ts'
import type { Overlap } from './record.ts'

/** A sentence or two for each thing that puts the figures of a study in doubt. */
export function listWarnings(found: {
  readonly overlaps: readonly Overlap[]
  readonly orders: readonly OrderFinding[]
}): string[] {
  return [
    ...found.overlaps.map((overlap) => `splits overlap: ${describeOverlap(overlap)}`),
    ...found.orders
      .filter(isTelling)
      .map((order) => `order tells labels: ${describeOrder(order)} ${orderAdvice}`),
  ]
}
