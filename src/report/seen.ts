// What extractors have seen of the study, for tables: whether there is anything to be said, and the sentence that explains it.

import { exposureOf } from '../runs/browser.ts'
import type { Cell, Metrics } from './data.ts'

/** Whether some extractor was trained and the study is of hospitals: only then has a table something to say. */
export function hasExposures({ exposures = {} }: Metrics): boolean {
  return Object.values(exposures).some(({ status }) => status !== 'untrained' && status !== 'no hospitals')
}

/** Whether the extractors of a cell were pre-trained on tissue of a split's hospitals. */
export function hasSeen(cell: Cell, split: string, metrics: Metrics): boolean {
  return exposureOf(cell, metrics)?.shared.some((tissue) => tissue.split === split) ?? false
}
