// What the guards found, as warnings: a plan, a run and a study that is sent away say the same.

import type { Exposure } from '../guards/exposure.ts'
import type { OrderFinding } from '../guards/orderFindings.ts'
import { describeExposure } from './exposures.ts'
import { describeOrder, isTelling, orderAdvice } from './orders.ts'
import { describeOverlap, listWithin } from './overlap.ts'
import type { Overlap, Within } from './record.ts'

/** What the guards found. */
export interface Found {
  readonly overlaps: readonly Overlap[]
  /** By split, what centers that are held out in turn have in common; not there where none are. */
  readonly within?: Within
  readonly orders: readonly OrderFinding[]
  readonly exposures: Readonly<Record<string, Exposure>>
}

/** A sentence or two for each thing that puts the figures of a study in doubt. */
export function listWarnings(found: Found): string[] {
  return [
    ...found.overlaps.map((overlap) => `splits overlap: ${describeOverlap(overlap)}`),
    ...listWithin(found.within).map((sentence) => `centers overlap: ${sentence}`),
    ...found.orders
      .filter(isTelling)
      .map((order) => `order tells labels: ${describeOrder(order)} ${orderAdvice}`),
    ...describeAll(found, 'yes').map((sentence) => `extractor saw hospitals: ${sentence}`),
  ]
}

/** What nobody knows of the extractors, a sentence each. */
export function listUnknown(found: Pick<Found, 'exposures'>): string[] {
  return describeAll(found, 'not known')
}

function describeAll({ exposures }: Pick<Found, 'exposures'>, status: Exposure['status']): string[] {
  return Object.entries(exposures)
    .filter(([, exposure]) => exposure.status === status)
    .map(([label, exposure]) => describeExposure(label, exposure))
}
