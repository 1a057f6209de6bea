// Labels of both classes: without them nothing can be learnt, selected or judged.

import { DataError } from '../base/index.ts'

/** Throws DataError where `labels` hold a single class. */
export function requireBothClasses(where: string, labels: Uint8Array): void {
  const got = describeOneClass(labels)
  if (got) throw new DataError({ where, expected: bothClasses, got })
}

/** What a split that is learnt from or selected by must hold, in words. */
export const bothClasses = 'tumour and normal patches'

/** Says which patches there are where `labels` hold a single class. */
export function describeOneClass(labels: Uint8Array): string | undefined {
  if (labels.includes(0) && labels.includes(1)) return undefined
  const word = labels[0] === 0 ? 'normal' : 'tumour'
  return labels.length === 1 ? `1 ${word} patch` : `${labels.length} patches, all ${word}`
}
